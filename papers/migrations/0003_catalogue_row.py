from django.db import migrations


def make_row(apps, schema_editor):
    apps.get_model("papers", "Catalogue").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("papers", "0002_search_text")]

    operations = [migrations.RunPython(make_row, migrations.RunPython.noop)]
