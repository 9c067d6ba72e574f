"""The project's settings, with what would only cost time in tests taken out."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("SITE_URL", "http://localhost:8000")

from readinglist.settings import *  # noqa: F403
from readinglist.settings import CACHES, DATABASES, REST_FRAMEWORK, STORAGES, VAR_DIR

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Work queued by a unit test runs at once; test_worker.py starts a real worker on the real broker.
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
FILES_DIR = VAR_DIR / "test-files" / os.environ.get("PYTEST_XDIST_WORKER", "main")
# Parallel tests share one Valkey: a prefix each keeps their rate limits apart.
CACHES = {"default": {**CACHES["default"], "KEY_PREFIX": os.environ.get("PYTEST_XDIST_WORKER", "main")}}
# A thread of the server that browsers are led to would keep the database from being dropped at the end.
DATABASES = {"default": {**DATABASES["default"], "CONN_MAX_AGE": 0}}
REST_FRAMEWORK = {**REST_FRAMEWORK, "TEST_REQUEST_DEFAULT_FORMAT": "json"}
# Mail goes to django.core.mail.outbox, as if to a server.
HAS_MAIL_SERVER = True
MFA_ALLOW_UNVERIFIED_EMAIL = False
