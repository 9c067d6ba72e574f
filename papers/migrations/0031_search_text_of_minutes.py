"""Columns by which the archive is searched. The database keeps them; no model loads them."""

from django.db import migrations

# With the bounds each stays below PostgreSQL's 1 MB for a tsvector.
ITEM = """
ALTER TABLE papers_agendaitem ADD COLUMN search_text tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('papers', title || ' ' || verdict), 'A')
        || setweight(to_tsvector('papers', left(takeaways, 20000)), 'B')
        || setweight(to_tsvector('papers', left(notes, 100000)), 'D')
) STORED;
"""
SESSION = """
ALTER TABLE papers_session ADD COLUMN search_text tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('papers', name), 'A') || setweight(to_tsvector('papers', left(notes, 100000)), 'D')
) STORED;
"""


class Migration(migrations.Migration):
    dependencies = [("papers", "0030_meetings")]

    operations = [
        migrations.RunSQL(ITEM, "ALTER TABLE papers_agendaitem DROP COLUMN search_text;"),
        migrations.RunSQL(SESSION, "ALTER TABLE papers_session DROP COLUMN search_text;"),
    ]
