from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("people and clubs")

    def ready(self) -> None:
        from allauth.account.signals import password_reset

        from .recovery import on_password_reset

        password_reset.connect(on_password_reset, dispatch_uid="accounts.recovery")
