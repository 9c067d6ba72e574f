"""Forms about the lab's old spreadsheet of past sessions."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.models import Club

from .forms import ColumnsForm
from .models import Series
from .models.sessions import LEAST_MINUTES, MOST_MINUTES
from .scheduling import past_sessions
from .scheduling.past_table import PAST
from .scheduling.refusals import Refused

NOON = time(12)


class PastForm(forms.Form):
    """A table of past sessions, and what it may leave out."""

    file = forms.FileField(
        label=_("Table"),
        help_text=_(
            "CSV with a heading, such as: date, paper, presenter. Also time, link, discussant, notes."
        ),
    )
    starts_at = forms.TimeField(
        label=_("Sessions began at"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Where the table has no time."),
    )
    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=LEAST_MINUTES, max_value=MOST_MINUTES, initial=60
    )

    def __init__(self, *args: Any, club: Club, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        latest = Series.objects.filter(club=club).order_by("-pk").values_list("starts_at", flat=True).first()
        self.fields["starts_at"].initial = latest or NOON

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        try:
            past_sessions.check_size(upload.size or 0)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return upload


class PastColumnsForm(ColumnsForm):
    """What each column of a table of past sessions is."""

    kind = PAST
    labels = {
        "date": _("Date"),
        "time": _("Time"),
        "paper": _("Paper: title, identifier or address"),
        "identifier": _("DOI, arXiv id or address"),
        "presenter": _("Presenter"),
        "discussant": _("Discussant"),
        "notes": _("Notes"),
    }
    missing = _("Say which column is the date.")


class OrderForm(forms.Form):
    """How days are read that may be two."""

    DAY, MONTH = "day", "month"

    order = forms.ChoiceField(
        label=_("In dates such as 04/05/2025"),
        required=False,
        choices=[
            ("", _("as the other rows say")),
            (DAY, _("the day comes first")),
            (MONTH, _("the month comes first")),
        ],
    )

    @property
    def day_first(self) -> bool | None:
        return {self.DAY: True, self.MONTH: False}.get(self.cleaned_data["order"])
