"""What the administrator of the installation sees of people and clubs.

Nobody and no club is deleted here. With a person their votes would go, and the totals beside them be wrong:
close the account instead. With a club, a token limited to it would lose its limit.
"""

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from .models import ApiToken, Club, Invitation, Membership, Role, User

# The site's own sign-in, with its rate limits and second factors, is the only one.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class ReadOnly:
    """Mixed into what may be looked at only."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class NoDelete:
    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(NoDelete, admin.ModelAdmin):
    list_display = ["email", "name", "is_active", "is_superuser", "date_joined", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["email", "name"]
    # An address is changed by its owner, since allauth keeps it in a table of its own as well.
    fields = ["email", "name", "is_active", "is_staff", "is_superuser", "date_joined", "last_login"]
    readonly_fields = ["email", "date_joined", "last_login"]
    ordering = ["email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people come by invitation, administrators by createsuperuser


class OneOwnerStays(forms.BaseInlineFormSet):
    """What `clubs.change_role` sees to elsewhere."""

    def clean(self) -> None:
        super().clean()
        roles = [form.cleaned_data.get("role") for form in self.forms if hasattr(form, "cleaned_data")]
        if roles and Role.OWNER not in roles:
            raise forms.ValidationError(
                _("A club has at least one owner. Make somebody else an owner first.")
            )


class MembershipInline(NoDelete, admin.TabularInline):
    model = Membership
    formset = OneOwnerStays
    fields = ["user", "role", "joined"]
    readonly_fields = ["joined"]
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Club)
class ClubAdmin(NoDelete, admin.ModelAdmin):
    list_display = ["name", "slug", "is_public", "created"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug", "time_zone", "is_public", "created", "version"]
    readonly_fields = ["slug", "created", "version"]
    inlines = [MembershipInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # `manage.py club` makes one with an owner


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["club", "email", "role", "invited_by", "created", "expires", "accepted"]
    list_select_related = ["club", "invited_by"]
    search_fields = ["email", "club__name"]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, admin.ModelAdmin):
    """Revoked by deleting; the digest stays out of sight."""

    list_display = ["user", "name", "token_key", "scope", "created", "expiry", "last_used"]
    list_select_related = ["user"]
    search_fields = ["user__email", "name"]
    fields = ["user", "name", "token_key", "scope", "clubs", "created", "expiry", "last_used"]
