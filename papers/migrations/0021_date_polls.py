import accounts.models
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_club_rules_explained'),
        ('papers', '0025_past_imports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DatePoll',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='name')),
                ('kind', models.CharField(choices=[('paper_talk', 'paper talk'), ('lightning', 'lightning round'), ('role_play', 'role play'), ('own_work', 'own work'), ('special', 'special topic')], default='paper_talk', max_length=10, verbose_name='kind')),
                ('minutes', models.PositiveSmallIntegerField(default=60, validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(1440)], verbose_name='minutes')),
                ('time_zone', models.CharField(max_length=64, validators=[accounts.models.validate_time_zone], verbose_name='time zone')),
                ('place', models.CharField(blank=True, max_length=200, verbose_name='place')),
                ('video_link', models.URLField(blank=True, max_length=1000, verbose_name='video link')),
                ('capacity', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='places')),
                ('created', models.DateTimeField(default=django.utils.timezone.now)),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('version', models.BigIntegerField(default=0, editable=False)),
                ('club', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='date_polls', to='accounts.club')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='papers.session')),
            ],
            options={
                'ordering': ['-created', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='PollOption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts', models.DateTimeField(verbose_name='starts')),
                ('poll', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='options', to='papers.datepoll')),
            ],
            options={
                'ordering': ['starts', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='PollAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answer', models.CharField(choices=[('yes', 'yes'), ('maybe', 'if need be'), ('no', 'no')], max_length=5, verbose_name='answer')),
                ('answered_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('option', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='papers.polloption')),
            ],
            options={
                'ordering': ['answered_at', 'pk'],
            },
        ),
        migrations.AddIndex(
            model_name='datepoll',
            index=models.Index(fields=['club', 'version', 'id'], name='date_poll_version'),
        ),
        migrations.AddConstraint(
            model_name='datepoll',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['paper_talk', 'lightning', 'role_play', 'own_work', 'special'])), name='date_poll_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='datepoll',
            constraint=models.CheckConstraint(condition=models.Q(('minutes__range', (5, 1440))), name='date_poll_minutes_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='polloption',
            constraint=models.UniqueConstraint(fields=('poll', 'starts'), name='poll_option_once'),
        ),
        migrations.AddConstraint(
            model_name='pollanswer',
            constraint=models.UniqueConstraint(fields=('option', 'member'), name='poll_answer_once'),
        ),
        migrations.AddConstraint(
            model_name='pollanswer',
            constraint=models.CheckConstraint(condition=models.Q(('answer__in', ['yes', 'maybe', 'no'])), name='poll_answer_known'),
        ),
    ]
