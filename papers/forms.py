from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.models import Club

from . import importers


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
