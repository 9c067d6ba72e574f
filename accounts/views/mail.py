"""Which mails somebody gets; and how they end by a link in one of them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import mail
from accounts.forms import MailForm
from readinglist.http import Request


@require_http_methods(["GET", "POST"])
def mail_settings(request: Request) -> HttpResponse:
    form = MailForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:mail_settings")
    return render(request, "accounts/mail_settings.html", {"form": form})


@never_cache
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def stop_mail(request: Request, token: str) -> HttpResponse:
    """End some mails of whoever the link is for. Opening it asks first: mail programs open links to look at them.

    A mail program that offers to unsubscribe posts here by itself, without a cookie (RFC 8058, 3.2); the signed link
    stands in for the form's token.
    """
    try:
        person, group = mail.find(token)
    except mail.BadLink as refusal:
        return render(request, "accounts/mail_stopped.html", {"refusal": refusal}, status=404)
    if request.method == "POST":
        mail.stop(person, group)
    context = {"group": group, "address": person.email, "is_done": request.method == "POST"}
    return render(request, "accounts/mail_stopped.html", context)
