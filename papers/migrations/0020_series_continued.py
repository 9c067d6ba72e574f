import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("papers", "0028_outgoing_mail"),
    ]

    operations = [
        migrations.AddField(
            model_name="series",
            name="continues",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="the first of the series that were changed to become this one",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="papers.series",
            ),
        ),
    ]
