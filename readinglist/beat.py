"""The clock: `celery --app=readinglist.beat beat`.

It only sends the names of tasks, so it needs no Django, and half the memory that Django takes.
"""

from celery import Celery

app = Celery("readinglist", fixups=set())
app.config_from_object("readinglist.settings", namespace="CELERY")
