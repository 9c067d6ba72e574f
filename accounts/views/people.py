"""What people set for themselves: name, keys, current club, API tokens."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from accounts import tokens
from accounts.clubs import Refused
from accounts.forms import PersonForm, TokenForm
from accounts.models import ApiToken
from readinglist.http import Request


def settings(request: Request) -> HttpResponse:
    form = PersonForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:settings")
    return render(request, "accounts/settings.html", {"form": form})


@never_cache
@sensitive_variables("secret")
def token_list(request: Request) -> HttpResponse:
    """Show my tokens; a new one in the answer to its form, and never again."""
    form = TokenForm(request.POST or None, user=request.user)
    new, secret = None, ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            new, secret = tokens.create_token(
                request.user,
                name=data["name"],
                scope=data["scope"],
                days=data["days"] or None,
                clubs=data["clubs"],
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            form = TokenForm(user=request.user)
    if len(request.my_clubs) < 2:
        del form.fields["clubs"]
    context = {
        "form": form,
        "new": new,
        "secret": secret,
        "tokens": ApiToken.objects.filter(user=request.user).prefetch_related("clubs"),
        "now": timezone.now(),
    }
    return render(request, "accounts/token_list.html", context)


@require_POST
def revoke_token(request: Request, key: str) -> HttpResponse:
    """`key` is the beginning of the token, by which its owner tells it from the others."""
    token = get_object_or_404(ApiToken.objects.filter(user=request.user), token_key=key)
    tokens.revoke_token(token)
    messages.success(request, _("Revoked: “%(token)s” no longer works.") % {"token": token})
    return redirect("accounts:tokens")
