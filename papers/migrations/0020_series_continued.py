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
                help_text="the series of which it is “this and following”",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="followed_by",
                to="papers.series",
            ),
        ),
    ]
