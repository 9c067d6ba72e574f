import pytest

from papers.models import OutgoingMail
from papers.notifications import outbox
from tests import mail_server


@pytest.fixture
def server(settings):
    """A mail server, and the settings that name it."""
    with mail_server.running() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 5
        yield running


@pytest.fixture
def post(member):
    """Queue a mail to the member, and return its row."""

    def put(key="agenda:session 1:user 1", **facts):
        letter = {
            "kind": "agenda",
            "recipient": member,
            "subject": "Agenda",
            "text": "Three papers.\n",
            **facts,
        }
        outbox.put([outbox.Letter(key=key, **letter)])
        return OutgoingMail.objects.get(key=key)

    return put
