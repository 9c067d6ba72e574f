from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('papers', '0009_sources_run_themselves'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='import',
            name='import_state_known',
        ),
        migrations.AddField(
            model_name='import',
            name='pace',
            field=models.FloatField(blank=True, help_text='records a second, since it was last taken up', null=True),
        ),
        migrations.AddField(
            model_name='import',
            name='seconds_left',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='import',
            name='state',
            field=models.CharField(choices=[('queued', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='queued', max_length=10, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'done', 'failed', 'cancelled'])), name='import_state_known'),
        ),
    ]
