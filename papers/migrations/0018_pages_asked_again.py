from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("papers", "0023_fill_entry_history")]

    operations = [
        migrations.AddField(
            model_name="import",
            name="asked_again",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="times that a page was asked for again, as it was empty or cut off",
            ),
        ),
    ]
