from django.db import migrations, models

from papers.identifiers import Identifier
from papers.merge import make_form_key


def number_authors(apps, schema_editor):
    """Give papers that are there the key of new ones."""
    Paper = apps.get_model("papers", "Paper")
    papers = Paper.objects.prefetch_related("identifiers").only("authors", "journal")
    batch = []
    for paper in papers.iterator(chunk_size=1000):
        names = [Identifier(each.scheme, each.value) for each in paper.identifiers.all()]
        paper.form_key = make_form_key(paper.authors, names, paper.journal)
        if paper.form_key is not None:
            batch.append(paper)
        if len(batch) == 1000:
            Paper.objects.bulk_update(batch, ["form_key"])
            batch = []
    Paper.objects.bulk_update(batch, ["form_key"])


class Migration(migrations.Migration):

    dependencies = [
        ('papers', '0024_record_of_agendas'),
    ]

    operations = [
        migrations.AddField(
            model_name='paper',
            name='form_key',
            field=models.BigIntegerField(editable=False, null=True, verbose_name='authors of a preprint or of its other form'),
        ),
        migrations.RunPython(number_authors, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='paper',
            index=models.Index(condition=models.Q(('form_key__isnull', False)), fields=['form_key'], name='paper_form_key'),
        ),
    ]
