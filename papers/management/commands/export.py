"""`manage.py export`: the catalogue as JSON Lines, to standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import Club
from papers.export import export_papers


class Command(BaseCommand):
    help = "Writes all papers that everybody may see as JSON Lines, which manage.py import reads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--club", help="the short name of a club: its private papers as well")
        parser.add_argument(
            "--canonical",
            action="store_true",
            help="in the order of what they say and without ids, to compare two catalogues",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        club = None
        if options["club"] is not None:
            club = Club.objects.filter(slug=options["club"]).first()
            if club is None:
                raise CommandError(
                    _("There is no club “%(slug)s”.") % {"slug": options["club"]}, returncode=2
                )
        for line in export_papers(club=club, canonical=options["canonical"]):
            self.stdout.write(line)
