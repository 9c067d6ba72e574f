"""Settings of Reading List. A fresh clone runs without any; `docs/settings.md` lists what can be set."""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from . import embedded
from .environment import read_bool, read_contact, read_hosts, read_int, read_mail_server, read_site_url

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = embedded.state_dir()

# Where people find us

SITE_NAME = "Reading List"
SITE_URL = read_site_url(f"http://localhost:{read_int('PORT', 8000, least=1)}")
SITE_IS_HTTPS = SITE_URL.startswith("https://")
PUBLIC_CATALOGUE = read_bool("PUBLIC_CATALOGUE", False)
TRUSTED_PROXIES = read_int("TRUSTED_PROXIES", 0)
# What `make run` sets for the demo lab: its sign-ins and its mail are shown, anybody may start a club.
DEMO = read_bool("READINGLIST_DEMO", False)

SECRET_KEY = os.environ.get("SECRET_KEY") or embedded.secret_key(VAR_DIR)
DEBUG = read_bool("DEBUG", False)

_host = urlsplit(SITE_URL).hostname or "localhost"
ALLOWED_HOSTS = [_host, *({"localhost", "127.0.0.1", "[::1]"} if _host == "localhost" else ())]

# Security follows the scheme of SITE_URL

SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if SITE_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SITE_IS_HTTPS
SECURE_HSTS_PRELOAD = SITE_IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SITE_IS_HTTPS
# A name of its own for each port: two clones on one laptop would otherwise sign each other out.
_cookie = "" if SITE_IS_HTTPS else f"_{urlsplit(SITE_URL).port or 80}"
SESSION_COOKIE_NAME = f"sessionid{_cookie}"
CSRF_COOKIE_NAME = f"csrftoken{_cookie}"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [SITE_URL]
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Applications

INSTALLED_APPS = [
    "accounts",
    "papers",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "knox",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "accounts.middleware.NullByteMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.CurrentClubMiddleware",
]

ROOT_URLCONF = "readinglist.urls"
WSGI_APPLICATION = "readinglist.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.site",
                "papers.context_processors.stalled_sources",
            ],
        },
    },
]

# Database, broker, cache: what DATABASE_URL and REDIS_URL name, or the embedded servers

_database = dj_database_url.parse(os.environ.get("DATABASE_URL") or embedded.database_url(VAR_DIR))
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # For papers.statements; what Django composes is never prepared.
        "OPTIONS": {"prepare_threshold": 1, **_database.get("OPTIONS", {})},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = os.environ.get("REDIS_URL") or embedded.redis_url(VAR_DIR)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A broker that is away must not hold up the page that queued something: the row is the queue of record.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "papers.tasks.tick", "schedule": timedelta(minutes=1)},
    "forget-old-inputs": {"task": "papers.tasks.forget_old_inputs", "schedule": timedelta(hours=6)},
    "forget-old-mail": {"task": "papers.tasks.forget_old_mail", "schedule": timedelta(hours=12)},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ.get("REDIS_URL") or embedded.cache_url(VAR_DIR),
        "KEY_PREFIX": "readinglist",
    }
}

# Files: uploads outside the web root, shared by all hosts; static files hashed and compressed

FILES_DIR = Path(os.environ.get("FILES_DIR") or VAR_DIR / "files")
UPLOAD_LIMIT = read_int("UPLOAD_LIMIT_MB", 200, least=1) * 2**20
CLUB_STORAGE = read_int("CLUB_STORAGE_MB", 2_000, least=1) * 2**20
FILE_UPLOAD_HANDLERS = [
    "papers.uploads.SizeLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES_DIR}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Outgoing requests: whom an operator of a service may write to, and which hosts of our own network may be asked

FETCH_CONTACT = read_contact("FETCH_CONTACT")
FETCH_ALLOWED_HOSTS = read_hosts("FETCH_ALLOWED_HOSTS")

# People: sign-in by e-mail, second factors and passkeys, membership by invitation

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "papers:home"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.NameForm"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "papers:home"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_IS_HTTPS else "http"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "accounts.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Browsers offer passkeys on http://localhost, and nowhere else without https.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SITE_IS_HTTPS

# E-mail

DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("EMAIL_FROM") or f"Reading List <reading-list@{_host}>"
_mail = read_mail_server()
HAS_MAIL_SERVER = _mail is not None
if _mail:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.use_tls, _mail.use_ssl
    EMAIL_TIMEOUT = 20
    # Sign-up then tells nobody whether an address is known; without a mail server it would lock all out.
    ACCOUNT_EMAIL_VERIFICATION = "mandatory"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
    ACCOUNT_EMAIL_VERIFICATION = "optional"
# Without one nobody can confirm an address, and second factors would be for nobody.
MFA_ALLOW_UNVERIFIED_EMAIL = not HAS_MAIL_SERVER

# API

KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105
# Our own token model replaces Knox's, whose migrations would still make a table for it.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None, "TOKEN_PREFIX": "rl_"}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "papers.api.permissions.TokenScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["papers.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "papers.api.problems.problem_response",
    "DEFAULT_THROTTLE_CLASSES": ["papers.api.throttling.TokenRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "6000/hour"},
    "NUM_PROXIES": TRUSTED_PROXIES,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Reading List",
    "DESCRIPTION": "Papers, listings, entries, votes and comments of a research group's reading list.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # The choices of two serializers.
    "ENUM_NAME_OVERRIDES": {
        "ImportStateEnum": "papers.models.Import.State",
        "EntryStateEnum": "papers.models.Entry.State",
        "KindEnum": "papers.models.Source.Kind",
        "MailKindEnum": "papers.models.OutgoingMail.Kind",
        "MailStateEnum": "papers.models.OutgoingMail.State",
        "SessionStateEnum": "papers.models.Session.State",
        "SessionKindEnum": "papers.models.SessionKind",
        "AnswerEnum": "papers.models.Attendance.Answer",
        "PartAnswerEnum": ["accept", "decline"],
        "SwapAnswerEnum": ["accept", "decline", "withdraw"],
        "QuestionStateEnum": "papers.models.Question.State",
        "AttachmentKindEnum": "papers.models.Attachment.Kind",
        "PrecisionEnum": ["day", "month", "year"],
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

# Language and time

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# Logging: one line each, to standard error; the process manager keeps it

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.security.DisallowedHost": {"level": "CRITICAL"}},
}
