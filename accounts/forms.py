from django import forms
from django.utils.translation import gettext_lazy as _

from .models import User


class NameForm(forms.Form):
    """What sign-up asks besides address and password."""

    name = forms.CharField(
        label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    def signup(self, request: object, user: User) -> None:
        user.name = self.cleaned_data["name"].strip()
        user.save(update_fields=["name"])
