"""What only the demo shows."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.mailbox import read_mails
from readinglist.http import Request


@never_cache
@login_not_required
def demo_mail(request: Request) -> HttpResponse:
    """Show the mails that the demo would have sent, to everybody: sign-up and password reset can be tried."""
    if not settings.DEMO:
        raise Http404
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    mails = read_mails(Path(folder)) if folder else []
    return render(request, "accounts/demo_mail.html", {"mails": mails})
