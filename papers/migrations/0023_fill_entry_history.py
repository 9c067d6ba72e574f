"""What entries were before they had a history: one line each, and totals that everybody sees."""

from django.db import migrations

FILL = """
    UPDATE papers_entry
       SET shown_promotions = promotions, shown_demotions = demotions, state_since = coalesce(suggested, created);
    INSERT INTO papers_entrychange (entry_id, before, state, cause, note, by_id, changed, facts)
    SELECT id, 'noted', state,
           CASE WHEN state = 'dropped' THEN 'dropped' WHEN suggested_by_id IS NULL THEN 'promoted' ELSE 'suggested' END,
           '', CASE WHEN state = 'dropped' THEN NULL ELSE suggested_by_id END, coalesce(suggested, created), '{}'
      FROM papers_entry
     WHERE state <> 'noted';
"""


class Migration(migrations.Migration):
    dependencies = [("papers", "0022_entry_history")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
