from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from accounts import clubs, invitations
from accounts.models import Role


class Command(BaseCommand):
    help = "Make a club and print its owner's invitation link, alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help='what the club is called, such as "Machine learning"')
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="whose link it is")
        parser.add_argument("--time-zone", default="UTC", help="such as Europe/Berlin (default: UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["owner"].strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{options['owner']!r} is not an e-mail address.") from None
        try:
            with transaction.atomic():
                club = clubs.create_club(options["name"], owner=None, time_zone=options["time_zone"])
                invitation = invitations.invite(club, email=email, role=Role.OWNER, by=None)
        except clubs.Refused as refusal:
            raise CommandError(str(refusal)) from None
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None
        self.stderr.write(f"{club} is at {settings.SITE_URL}/clubs/{club.slug}/")
        self.stderr.write(
            f"Send {email} this link; whoever opens it becomes the owner. It works once, for 14 days."
        )
        self.stdout.write(f"{settings.SITE_URL}{invitations.make_path(invitation)}")
