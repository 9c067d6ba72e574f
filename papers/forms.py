from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.models import Club, list_time_zones

from . import importers
from .importers import csv_table
from .importers.csv_table import Columns
from .importers.times import read_date
from .mentions import MOST_TEXT
from .models import Paper, Part, ReminderSchedule, SessionKind, Source
from .models.sources import MOST_HOURS
from .notifications import schedules
from .records import MAX_ABSTRACT, MAX_JOURNAL, MAX_TITLE, PartialDate

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

FIELD_LABELS = {
    "title": _("Title"),
    "authors": _("Authors"),
    "abstract": _("Abstract"),
    "date": _("Date"),
    "year": _("Year"),
    "journal": _("Journal, book or series"),
    "volume": _("Volume"),
    "issue": _("Issue"),
    "pages": _("Pages"),
    "first_page": _("First page"),
    "last_page": _("Last page"),
    "article_number": _("Article number"),
    "doi": _("DOI"),
    "arxiv": _("arXiv identifier"),
    "pmid": _("PMID"),
    "pmcid": _("PMCID"),
    "openreview": _("OpenReview identifier"),
    "isbn": _("ISBN"),
    "identifiers": _("Identifiers of any kind"),
    "url": _("Web address"),
    "pdf": _("Address of the PDF"),
    "type": _("Type of work"),
}


class ColumnsForm(forms.Form):
    """What each column of a table is; a field for each, with the guess to begin with."""

    kind = csv_table.PAPERS
    labels: dict[str, Any] = FIELD_LABELS
    missing = _("Say which column is the title.")

    def __init__(self, *args: Any, columns: Columns, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = columns
        choices = [("", _("Not read")), *((name, self.labels[name]) for name in self.kind.fields)]
        for number, (heading, field) in enumerate(zip(columns.headings, columns.fields, strict=True)):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=heading, choices=choices, required=False, initial=field
            )

    def clean(self) -> dict[str, Any]:
        chosen = [field for field in self.cleaned_data.values() if field]
        if twice := next((field for field in chosen if chosen.count(field) > 1), None):
            raise forms.ValidationError(
                _("Two columns are read as “%(field)s”. Choose one."), params={"field": self.labels[twice]}
            )
        if self.kind.needed not in chosen:
            raise forms.ValidationError(self.missing)
        return self.cleaned_data

    @property
    def mapping(self) -> dict[str, str]:
        """The heading of each field's column, of a valid form."""
        pairs = zip(self.columns.headings, self.cleaned_data.values(), strict=True)
        return {field: heading for heading, field in pairs if field}

    @property
    def rows(self) -> list[tuple[forms.BoundField, list[str]]]:
        """Each column's field, with what stands in its first rows."""
        return [(field, [row[number] for row in self.columns.samples]) for number, field in enumerate(self)]


def _offer_clubs(form: forms.Form, clubs: Sequence[Club], *, for_everybody: bool) -> None:
    """Let a form be filled in for one of these clubs, or `for_everybody` for none."""
    club = cast(forms.ModelChoiceField, form.fields["club"])
    club.queryset = Club.objects.filter(pk__in=[each.pk for each in clubs])
    if not for_everybody:
        club.required, club.empty_label, club.initial = True, None, clubs[0] if clubs else None
        club.error_messages["required"] = _("Say for which club. For everybody, it is up to administrators.")


class ImportForm(forms.Form):
    """A file to import: for whom, of which day, and its format where we should not guess."""

    file = forms.FileField(label=_("File"))
    club = forms.ModelChoiceField(
        Club.objects.none(), label=_("For"), required=False, empty_label=_("Everybody (the installation)")
    )
    date = forms.DateField(
        label=_("Day of the listing"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_(
            "Left empty: the days that the file names, or today for what tells of new papers. A library, such as a "
            "BibTeX file, then stands in no listing; search finds its papers."
        ),
    )
    format = forms.ChoiceField(label=_("Format"), required=False)

    def __init__(self, *args: Any, clubs: list[Club], for_everybody: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_clubs(self, clubs, for_everybody=for_everybody)
        cast(forms.ChoiceField, self.fields["format"]).choices = [
            ("", _("Find out from the content")),
            *((name, importer.TITLE) for name, importer in importers.FORMATS.items()),
        ]
        self.fields["file"].help_text = _("At most %(most)d MB.") % {"most": settings.UPLOAD_LIMIT // 2**20}

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        if upload.size and upload.size > settings.UPLOAD_LIMIT:
            raise forms.ValidationError(
                _(
                    "The file has more than %(most)d MB. Split it, or import it on the server with manage.py import."
                ),
                params={"most": settings.UPLOAD_LIMIT // 2**20},
            )
        return upload


class SubmissionForm(forms.Form):
    """Papers by their identifiers, and for which club."""

    text = forms.CharField(
        label=_("DOIs, arXiv ids, PMIDs, OpenReview ids, or addresses with one in them"),
        max_length=MOST_TEXT,
        widget=forms.Textarea(
            attrs={"rows": 6, "autocapitalize": "off", "spellcheck": "false", "dir": "auto"}
        ),
        help_text=_("One or many, in any order: a list, a reference, a BibTeX entry, a paragraph."),
    )
    club = forms.ModelChoiceField(
        Club.objects.none(), label=_("For"), required=False, empty_label=_("No club, only the catalogue")
    )
    suggest = forms.BooleanField(label=_("Suggest them to this club's reading list"), required=False)

    def __init__(self, *args: Any, clubs: list[Club], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if clubs:
            choice = cast(forms.ModelChoiceField, self.fields["club"])
            choice.queryset = Club.objects.filter(pk__in=[each.pk for each in clubs])
        else:
            del self.fields["club"], self.fields["suggest"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one kind of source is to be told: its fields besides those of all kinds."""

    about: StrPromise
    query: StrPromise | str = ""
    """What the field is called; empty where there is none."""
    hint: StrPromise | str = ""
    needs_query: bool = True
    has_address: bool = False
    has_days: bool = True
    """Whether it is asked for what came since a day."""


ASKED: dict[str, Asked] = {
    Source.Kind.ARXIV: Asked(
        _("What a search of arXiv finds, newest change first."),
        _("Search at arXiv"),
        _("As arXiv's own search takes it, such as cat:cs.CL AND abs:translation."),
    ),
    Source.Kind.ARXIV_FEED: Asked(
        _("What arXiv announces today in one category or several."),
        _("Category"),
        _("Such as cs.CL, or several: cs.CL+cs.LG."),
        has_days=False,
    ),
    Source.Kind.ARXIV_OAI: Asked(
        _("Everything of a subject at arXiv, thousands of papers."),
        _("Set"),
        _("Such as cs, math or physics:hep-ex."),
    ),
    Source.Kind.HUGGING_FACE: Asked(_("Each day's list, with the votes it has there.")),
    Source.Kind.CROSSREF: Asked(
        _("A journal's articles as publishers describe them, or what a search finds among them all."),
        _("ISSN, or words"),
        _("Of a journal, such as 1476-4687; or the words to search for."),
    ),
    Source.Kind.BIORXIV: Asked(
        _("Preprints in biology, and their new versions."),
        _("Category"),
        _("Such as neuroscience. Left empty: all."),
        needs_query=False,
    ),
    Source.Kind.MEDRXIV: Asked(
        _("Preprints in medicine, and their new versions."),
        _("Category"),
        _("Such as epidemiology. Left empty: all."),
        needs_query=False,
    ),
    Source.Kind.OAI: Asked(
        _("What changed in a repository, such as a university's or a society's."),
        _("Set"),
        _("The name of a part of the repository. Left empty: all of it."),
        needs_query=False,
        has_address=True,
    ),
    Source.Kind.FEED: Asked(
        _("What a journal, a blog or a search tells in its feed."), has_address=True, has_days=False
    ),
    Source.Kind.FILE: Asked(
        _("A file on the web that is written anew now and then, in any format that can be imported."),
        has_address=True,
        has_days=False,
    ),
}
"""Kinds of sources that people may add, those that most labs want first."""


def list_source_kinds() -> list[tuple[str, str, StrPromise]]:
    """Return the kinds of sources that people may add: value, name, and what comes from one."""
    return [(str(kind), str(Source.Kind(kind).label), asked.about) for kind, asked in ASKED.items()]


class SourceForm(forms.Form):
    """What a source of one kind asks for, and how often."""

    BY_HAND, HOURS, DAILY = "by_hand", "hours", "daily"

    club = forms.ModelChoiceField(
        Club.objects.none(), label=_("For"), required=False, empty_label=_("Everybody (the installation)")
    )
    name = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(label=_("Where from"), widget=forms.HiddenInput)
    address = forms.CharField(
        label=_("Address"),
        max_length=2_000,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        help_text=_("It must be on the open network."),
    )
    query = forms.CharField(max_length=1_000)
    since = forms.DateField(
        label=_("The first run goes back to"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Left empty: a week."),
    )
    schedule = forms.ChoiceField(
        label=_("How often"),
        choices=[(DAILY, _("Daily")), (HOURS, _("Every so many hours")), (BY_HAND, _("By hand only"))],
        initial=DAILY,
        widget=forms.RadioSelect,
    )
    daily_at = forms.TimeField(
        label=_("Daily at"),
        required=False,
        initial="06:00",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), initial="UTC", help_text=_("Of the time above."))
    every_hours = forms.IntegerField(
        label=_("Hours between two runs"), required=False, min_value=1, max_value=MOST_HOURS, initial=6
    )

    def __init__(
        self,
        *args: Any,
        kind: str,
        source: Source | None = None,
        clubs: Sequence[Club] = (),
        for_everybody: bool = False,
        **kwargs: Any,
    ) -> None:
        """Have the fields of a kind, which is one of ASKED.

        `clubs` and `for_everybody` say for whom a new one may be made; one that is there stays whose it is.
        """
        kwargs["initial"] = {"kind": kind}
        if source is not None:
            names = ("name", "query", "address", "since", "time_zone")
            kwargs["initial"] |= {
                **{name: getattr(source, name) for name in names},
                "schedule": self.HOURS
                if source.every_hours
                else self.DAILY
                if source.daily_at
                else self.BY_HAND,
                "every_hours": source.every_hours or 6,
                "daily_at": source.daily_at or "06:00",
            }
        super().__init__(*args, **kwargs)
        if source is not None:
            del self.fields["club"]
        else:
            _offer_clubs(self, clubs, for_everybody=for_everybody)
        self.asked = ASKED[kind]
        self.kind_label = str(Source.Kind(kind).label)
        cast(forms.ChoiceField, self.fields["kind"]).choices = [(kind, self.kind_label)]
        query = self.fields["query"]
        query.label, query.help_text, query.required = (
            self.asked.query,
            self.asked.hint,
            self.asked.needs_query,
        )
        wanted = {
            "query": bool(self.asked.query),
            "address": self.asked.has_address,
            "since": self.asked.has_days,
        }
        for name in (name for name, is_wanted in wanted.items() if not is_wanted):
            del self.fields[name]
        cast(forms.ChoiceField, self.fields["time_zone"]).choices = [
            (zone, zone.replace("_", " ")) for zone in list_time_zones()
        ]

    def clean_query(self) -> str:
        return " ".join(self.cleaned_data["query"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        wanted = {self.HOURS: "every_hours", self.DAILY: "daily_at"}.get(cleaned.get("schedule", ""))
        if wanted and wanted not in self.errors and cleaned.get(wanted) is None:
            self.add_error(wanted, _("Say when."))
        return cleaned

    @property
    def facts(self) -> dict[str, Any]:
        """What the source is to be, as `sources.keeping` takes it."""
        said = self.cleaned_data
        return {
            **{name: said[name] for name in ("name", "kind", "time_zone")},
            "query": said.get("query", ""),
            "address": said.get("address", ""),
            "since": said.get("since"),
            "every_hours": said["every_hours"] if said["schedule"] == self.HOURS else None,
            "daily_at": said["daily_at"] if said["schedule"] == self.DAILY else None,
        }


class FollowForm(forms.Form):
    """Which of the installation's sources a club follows."""

    sources = forms.ModelMultipleChoiceField(
        Source.objects.none(),
        label=_("Sources of the installation"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all of them, also those that come later."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelMultipleChoiceField, self.fields["sources"]).queryset = Source.objects.filter(
            club=None
        )


class PaperForm(forms.Form):
    """What people may edit of a paper; `published` is as much of the day as is known."""

    title = forms.CharField(label=_("Title"), required=False, max_length=MAX_TITLE)
    authors = forms.CharField(
        label=_("Authors"),
        required=False,
        widget=forms.Textarea,
        help_text=_("One a line, given name first."),
    )
    abstract = forms.CharField(
        label=_("Abstract"),
        required=False,
        max_length=MAX_ABSTRACT,
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    published = forms.CharField(
        label=_("Published"), required=False, max_length=40, help_text=_("2014-12-05, or 2014-12, or 2014.")
    )
    journal = forms.CharField(
        label=_("Journal"),
        required=False,
        max_length=MAX_JOURNAL,
        help_text=_("With its volume, issue and pages. Emptied, all four are as the sources say."),
    )
    volume = forms.CharField(label=_("Volume"), required=False, max_length=100)
    issue = forms.CharField(label=_("Issue"), required=False, max_length=100)
    pages = forms.CharField(label=_("Pages"), required=False, max_length=100)

    @classmethod
    def list_labels(cls) -> list[tuple[str, str]]:
        """Return the fields with what they are called."""
        return [(name, str(field.label)) for name, field in cls.base_fields.items()]

    @staticmethod
    def describe(paper: Paper) -> dict[str, str]:
        """Return a paper's fields as the form shows them."""
        texts = ("title", "abstract", "journal", "volume", "issue", "pages")
        return {
            **{name: getattr(paper, name) for name in texts},
            "authors": "\n".join(paper.authors),
            "published": paper.published_as_known,
        }

    def clean_published(self) -> PartialDate | None:
        text = self.cleaned_data["published"]
        found = read_date(text) if text else None
        if text and found is None:
            raise forms.ValidationError(_("This is no date. Write it as 2014-12-05, 2014-12 or 2014."))
        return found

    def list_changes(self) -> dict[str, Any]:
        """Return those fields that are other than they were shown, for `catalogue.edit_paper`."""
        changes = {name: self.cleaned_data[name] for name in self.changed_data}
        if "authors" in changes:
            changes["authors"] = tuple(line for line in changes["authors"].splitlines() if line.strip())
        return changes


class RemindersForm(forms.ModelForm):
    """When a club's reminders go out: an amount with its unit behind it, empty for no such mail."""

    UNITS = {
        "votes_hours": _("hours before votes close"),
        "agenda_minutes": _("minutes after votes close"),
        "part_days": _("days before the session"),
        "link_minutes": _("minutes before the start"),
    }

    class Meta:
        model = ReminderSchedule
        fields = schedules.FIELDS
        labels = {
            "votes_hours": _("Call for votes"),
            "agenda_minutes": _("Agenda"),
            "part_days": _("Parts"),
            "tells_day_before": _("And once more the day before"),
            "at": _("Both at"),
            "link_minutes": _("Today's link"),
        }
        widgets = {"at": forms.TimeInput(format="%H:%M", attrs={"type": "time"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.UNITS:
            self.fields[name].widget.attrs["class"] = "input"

    def rows(self) -> list[tuple[forms.BoundField, Any]]:
        """Return each field with its unit."""
        return [(field, self.UNITS.get(field.name, "")) for field in self]


class PartForm(forms.Form):
    """A part that members take, and in which sessions it is wanted."""

    name = forms.CharField(label=_("Name"), max_length=Part._meta.get_field("name").max_length)
    prompt = forms.CharField(
        label=_("What is expected"),
        required=False,
        max_length=Part._meta.get_field("prompt").max_length,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("A sentence or two for whoever takes it."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Wanted for each paper of"),
        required=False,
        choices=SessionKind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: it can be given by hand, and no plan asks for it."),
    )

    @classmethod
    def of(cls, part: Part) -> PartForm:
        initial = {"name": part.name, "prompt": part.prompt, "kinds": part.kinds}
        return cls(initial=initial, prefix=f"part-{part.pk}")
