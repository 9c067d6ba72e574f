"""The mails of a club, for those who run it: what went out, waits, or is uncertain; and when reminders go."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import permissions
from accounts.models import Club
from papers.forms import RemindersForm
from papers.models import OutgoingMail
from papers.notifications import outbox, schedules
from papers.numbers import read_number
from readinglist.http import Request

from .viewpoint import find_club

SHOWN = 50
State = OutgoingMail.State


@require_http_methods(["GET", "POST"])
def reminders(request: Request, slug: str) -> HttpResponse:
    """Show and change when a club's reminders go out."""
    club = find_run_club(request, slug)
    form = RemindersForm(request.POST or None, instance=schedules.load_schedule(club))
    if request.method == "POST" and form.is_valid():
        schedules.change_schedule(club, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved. What went out already does not go out again."))
        return redirect("papers:reminders", club.slug)
    context = {"club": club, "form": form, **tell_way()}
    return render(request, "papers/reminders.html", context)


@never_cache
@require_GET
def mail_list(request: Request, slug: str) -> HttpResponse:
    """Show what to decide about, what waits, and then the others; `?before=` goes on below an id."""
    club = find_run_club(request, slug)
    mails = (
        OutgoingMail.objects.visible_to(request.user)
        .filter(club=club)
        .select_related("recipient", "settled_by")
    )
    to_decide = mails.needing_a_look()
    over = mails.exclude(state__in=[State.WAITING, State.SENDING]).exclude(pk__in=to_decide.values("pk"))
    before = read_number(request.GET.get("before", ""))
    rows = list((over.filter(pk__lt=before) if before else over).order_by("-pk")[: SHOWN + 1])
    context = {
        "club": club,
        "to_decide": [] if before else list(to_decide[:SHOWN]),
        "waiting": [] if before else list(mails.filter(state__in=[State.WAITING, State.SENDING])[:SHOWN]),
        "mails": rows[:SHOWN],
        "before": rows[SHOWN - 1].pk if len(rows) > SHOWN else None,
        **tell_way(),
    }
    return render(request, "papers/mail_list.html", context)


@require_POST
def send_mail_again(request: Request, slug: str, pk: int) -> HttpResponse:
    """Queue a mail anew that is uncertain or was not sent."""
    mail = find_mail(request, slug, pk)
    try:
        mail = outbox.send_again(mail, by=request.user)
    except outbox.Forgotten as refusal:
        messages.error(request, str(refusal))
    else:
        if mail.state == State.WAITING:
            messages.success(request, _("It is sent again. See below what comes of it."))
    return redirect("papers:mail_list", slug)


@require_POST
def let_mail_be(request: Request, slug: str, pk: int) -> HttpResponse:
    """Say that nothing more is to be done about a mail."""
    outbox.let_be(find_mail(request, slug, pk), by=request.user)
    return redirect("papers:mail_list", slug)


def tell_way() -> dict[str, bool]:
    """Return whether mails leave this installation, and whether it is the demo, which shows them."""
    return {"is_mailing": settings.HAS_MAIL_SERVER, "is_demo": settings.DEMO}


def find_run_club(request: Request, slug: str) -> Club:
    """Return a club whose sessions this person runs. Raises Http404, PermissionDenied."""
    club = find_club(request, slug)
    if not permissions.can_run_sessions(request.user, club):
        raise PermissionDenied(_("Organisers see to the mails of their club."))
    return club


def find_mail(request: Request, slug: str, pk: int) -> OutgoingMail:
    club = find_run_club(request, slug)
    return get_object_or_404(OutgoingMail.objects.visible_to(request.user).filter(club=club), pk=pk)
