from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('papers', '0006_search_text_immutable'),
    ]

    operations = [
        migrations.AddField(
            model_name='paper',
            name='issue',
            field=models.TextField(blank=True, db_default='', verbose_name='issue'),
        ),
        migrations.AddField(
            model_name='paper',
            name='pages',
            field=models.TextField(blank=True, db_default='', verbose_name='pages'),
        ),
        migrations.AddField(
            model_name='paper',
            name='published_precision',
            field=models.CharField(choices=[('day', 'day'), ('month', 'month'), ('year', 'year')], db_default='day', default="day", max_length=5, verbose_name='what is known of that day'),
        ),
        migrations.AddField(
            model_name='paper',
            name='volume',
            field=models.TextField(blank=True, db_default='', verbose_name='volume'),
        ),
        migrations.AddConstraint(
            model_name='paper',
            constraint=models.CheckConstraint(condition=models.Q(('published_precision__in', ['day', 'month', 'year'])), name='paper_precision_known'),
        ),
    ]
