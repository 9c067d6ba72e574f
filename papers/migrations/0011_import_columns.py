from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("papers", "0010_import_cancelled_and_pace"),
    ]

    operations = [
        migrations.AddField(
            model_name="import",
            name="columns",
            field=models.JSONField(
                blank=True,
                help_text="of a table: fields and their headings; empty: guessed",
                null=True,
                verbose_name="columns",
            ),
        ),
    ]
