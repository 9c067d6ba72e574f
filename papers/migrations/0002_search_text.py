"""Search: a text search configuration that ignores accents, and the one function that makes a paper's search text."""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

CONFIGURATION = """
CREATE TEXT SEARCH CONFIGURATION papers (COPY = english);
ALTER TEXT SEARCH CONFIGURATION papers
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;
"""

# The bounds keep any paper below PostgreSQL's 1 MB for a tsvector: 300 names, 100 kB of abstract.
FUNCTION = """
CREATE FUNCTION papers_search_text(title text, authors text[], abstract text, identifiers text[])
RETURNS tsvector LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('papers', left(title, 2000)), 'A')
        || setweight(to_tsvector('papers', array_to_string(authors[1:300], ' ; ')), 'B')
        || setweight(to_tsvector('papers', left(abstract, 100000)), 'C')
        || setweight(array_to_tsvector(identifiers), 'B')
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("papers", "0001_initial")]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(CONFIGURATION, "DROP TEXT SEARCH CONFIGURATION papers;"),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION papers_search_text(text, text[], text, text[]);"),
    ]
