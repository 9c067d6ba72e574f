"""On which days a member cannot take parts."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Club
from papers.models import Absence
from papers.scheduling import absences
from papers.scheduling.refusals import Refused
from readinglist.http import Request

from .plan import members_only


class AbsenceForm(forms.Form):
    first_day = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput({"type": "date"}))
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=gettext_lazy("Empty: one day."),
    )
    everywhere = forms.BooleanField(
        label=gettext_lazy("In my other clubs as well"), required=False, initial=True
    )

    def __init__(self, *args: object, has_others: bool) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        if not has_others:
            del self.fields["everywhere"]


@require_http_methods(["GET", "POST"])
@members_only
def my_dates(request: Request, club: Club) -> HttpResponse:
    """Show the days a member is away, those to come first; POST notes more."""
    others = [each for each in request.my_clubs if each.pk != club.pk]
    form = AbsenceForm(request.POST if request.method == "POST" else None, has_others=bool(others))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            absences.note_absence(
                [club, *(others if said.get("everywhere") else [])],
                first_day=said["first_day"],
                last_day=said["last_day"] or said["first_day"],
                by=request.user,
            )
        except Refused as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            messages.success(request, _("Noted. No plan asks you for these days."))
            return redirect("papers:my_dates", club.slug)
    noted = Absence.objects.filter(club=club, member=request.user)
    today = timezone.now().date()
    context = {
        "club": club,
        "form": form,
        "coming": noted.filter(last_day__gte=today),
        "past": noted.filter(last_day__lt=today).order_by("-first_day"),
    }
    return render(request, "papers/my_dates.html", context)


@require_POST
@members_only
def remove_dates(request: Request, club: Club, pk: int) -> HttpResponse:
    absence = get_object_or_404(Absence, club=club, member=request.user, pk=pk)
    absences.remove_absence(absence, by=request.user)
    messages.success(request, _("Removed. You can be asked for these days again."))
    return redirect("papers:my_dates", club.slug)
