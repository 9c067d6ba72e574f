from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import tokens
from accounts.clubs import Refused
from accounts.models import ApiToken, User


class Command(BaseCommand):
    help = "Make an API token for a person and print it, alone on the last line. It is not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose token it is")
        parser.add_argument("--read-only", action="store_true", help="it may read, and change nothing")
        parser.add_argument(
            "--days", type=int, metavar="N", help="valid for so many days (default: for ever)"
        )
        parser.add_argument("--name", default="", help="what uses it")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        user = User.objects.filter(email=email, is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody with the address {email} has signed up.")
        scope = ApiToken.Scope.READ if options["read_only"] else ApiToken.Scope.FULL
        try:
            token, secret = tokens.create_token(user, name=options["name"], scope=scope, days=options["days"])
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        until = f"until {token.expiry:%d %B %Y}" if token.expiry else "until it is revoked"
        self.stderr.write(f"A token of {user.email}, {token.get_scope_display()}, valid {until}:")
        self.stdout.write(secret)
