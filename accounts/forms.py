from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from . import clubs
from .models import ApiToken, Club, Invitation, Role, User, list_time_zones
from .names import clean_name


def clean_persons_name(text: str) -> str:
    """Return a person's name as it is kept. Raises ValidationError when nothing is left of it."""
    name = clean_name(text)
    if not name:
        raise ValidationError(_("Write the name that your club knows you by."))
    return name


class NameForm(forms.Form):
    """What sign-up asks besides address and password."""

    name = forms.CharField(
        label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    def clean_name(self) -> str:
        return clean_persons_name(self.cleaned_data["name"])

    def signup(self, request: object, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class PersonForm(forms.ModelForm):
    """What people set about themselves."""

    class Meta:
        model = User
        fields = ["name", "default_club", "uses_keys"]
        help_texts = {"default_club": _("Where your votes count on the pages that belong to no club.")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        field = self.fields["default_club"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Club.objects.of(self.instance)
        field.empty_label = _("the one I joined first")
        if not field.queryset.exists():
            del self.fields["default_club"]

    def clean_name(self) -> str:
        return clean_persons_name(self.cleaned_data["name"])


class MailForm(forms.ModelForm):
    """Which mails somebody wants."""

    class Meta:
        model = User
        fields = ["mail_wanted", "calendar_by_mail"]
        widgets = {"mail_wanted": forms.RadioSelect}


class ClubForm(forms.Form):
    """What a club is called, and where its clock hangs."""

    name = forms.CharField(label=_("Name"), max_length=100)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("The one its meetings go by."), initial="UTC"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)
        zones.choices = [(zone, zone.replace("_", " ")) for zone in list_time_zones()]

    def clean_name(self) -> str:
        try:
            return clubs.clean_club_name(self.cleaned_data["name"])
        except clubs.BadName as refusal:
            raise ValidationError(str(refusal)) from None


class ClubSettingsForm(forms.ModelForm):
    """All that an owner sets, in groups."""

    class Meta:
        model = Club
        fields = clubs.SETTINGS
        help_texts = {
            "time_zone": _("The one its meetings go by."),
            "is_public": _(
                "Everybody may read its list, scores and discussion, with the names of those who comment."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(zone, zone.replace("_", " ")) for zone in list_time_zones()]
        self.fields["time_zone"].widget = forms.Select(choices=zones)

    def clean_name(self) -> str:
        try:
            return clubs.clean_club_name(self.cleaned_data["name"])
        except clubs.BadName as refusal:
            raise ValidationError(str(refusal)) from None

    @property
    def groups(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """The fields by subject: its name as an id and in words, and the fields."""
        subjects = [
            ("the-club", _("The club"), ("name", "time_zone", "is_public")),
            (
                "voting",
                _("Voting"),
                ("carry_over", "threshold", "vote_budget", "hides_totals", "shows_voters"),
            ),
            (
                "presenters",
                _("Presenters"),
                ("load_months", "parts_cap", "keeps_authors_out", "mixes_seniority"),
            ),
            ("minutes", _("Minutes"), ("minutes_template",)),
        ]
        return [(name, str(title), [self[field] for field in fields]) for name, title, fields in subjects]


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=Invitation._meta.get_field("email").max_length,
        help_text=_("The link is sent there. Without an address, copy it and pass it on yourself."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER)

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        """`roles` are those that the person may invite to."""
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in roles]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class TokenForm(forms.Form):
    """What a new token is for, what it may do, and for how long."""

    FOR_EVER = "0"

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What uses it: reading group bot, my laptop.")
    )
    scope = forms.ChoiceField(
        label=_("It may"), choices=ApiToken.Scope, initial=ApiToken.Scope.READ, widget=forms.RadioSelect
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        initial="90",
        choices=[
            ("30", _("30 days")),
            ("90", _("90 days")),
            ("365", _("a year")),
            (FOR_EVER, _("ever, until it is revoked")),
        ],
    )
    clubs = forms.ModelMultipleChoiceField(
        label=_("Only in"),
        required=False,
        queryset=Club.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all of your clubs."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["clubs"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Club.objects.of(user)
