from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.models import Club

from . import importers
from .importers import csv_table
from .importers.csv_table import Columns

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
    "keywords": _("Keywords"),
    "type": _("Type of work"),
}


class ColumnsForm(forms.Form):
    """What each column of a table is; a field for each, with the guess to begin with."""

    def __init__(self, *args: Any, columns: Columns, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = columns
        choices = [("", _("Not read")), *((name, FIELD_LABELS[name]) for name in csv_table.FIELDS)]
        for number, (heading, field) in enumerate(zip(columns.headings, columns.fields, strict=True)):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=heading, choices=choices, required=False, initial=field
            )

    def clean(self) -> dict[str, Any]:
        chosen = [field for field in self.cleaned_data.values() if field]
        if twice := next((field for field in chosen if chosen.count(field) > 1), None):
            raise forms.ValidationError(
                _("Two columns are read as “%(field)s”. Choose one."), params={"field": FIELD_LABELS[twice]}
            )
        if "title" not in chosen:
            raise forms.ValidationError(_("Say which column is the title."))
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
            "Left empty: the days that the file names. A saved page names one, mostly without its year."
        ),
    )
    format = forms.ChoiceField(label=_("Format"), required=False)

    def __init__(self, *args: Any, clubs: list[Club], for_everybody: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        club = cast(forms.ModelChoiceField, self.fields["club"])
        club.queryset = Club.objects.filter(pk__in=[each.pk for each in clubs])
        if not for_everybody:
            club.required, club.empty_label, club.initial = True, None, clubs[0] if clubs else None
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
