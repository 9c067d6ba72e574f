"""`manage.py past_sessions`: a lab's spreadsheet of past sessions, by the functions the worker calls."""

import argparse
import json
import sys
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Club
from papers import mentions, submissions
from papers.identifiers import Identifier
from papers.importers import csv_table
from papers.records import UnreadableInput
from papers.scheduling import past_sessions
from papers.scheduling.past_table import PAST, PastRow, read_past_table
from papers.scheduling.refusals import Refused


class Command(BaseCommand):
    help = (
        "Brings in past sessions of a club from a table (CSV) with a heading such as: date, paper, presenter. What is "
        "here already stays as it is. Ends with 0 if all rows came in, with 1 if some did not, with 2 if the table "
        "could not be read at all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("input", metavar="FILE", help="the table, or - for standard input")
        parser.add_argument("--club", required=True, help="the short name of the club")
        parser.add_argument(
            "--columns",
            type=_read_columns,
            metavar="JSON",
            help='fields and the headings of their columns, such as \'{"date": "Tag"}\'; default: guessed',
        )
        order = parser.add_mutually_exclusive_group()
        order.add_argument("--day-first", action="store_true", help="04/05/2025 is the 4th of May")
        order.add_argument("--month-first", action="store_true", help="04/05/2025 is the 5th of April")
        parser.add_argument(
            "--starts-at",
            type=_read_time,
            default=time(12),
            metavar="HH:MM",
            help="when sessions began, where the table does not say; default: 12:00",
        )
        parser.add_argument("--minutes", type=int, default=60, help="how long they were; default: 60")
        parser.add_argument("--offline", action="store_true", help="look no papers up by their identifiers")

    def handle(self, *args: Any, **options: Any) -> None:
        club = Club.objects.filter(slug=options["club"]).first()
        if club is None:
            raise CommandError(_("There is no club “%(slug)s”.") % {"slug": options["club"]}, returncode=2)
        day_first = True if options["day_first"] else False if options["month_first"] else None
        today = timezone.now().astimezone(ZoneInfo(club.time_zone)).date()
        try:
            if options["input"] == "-":
                table = read_past_table(
                    sys.stdin.buffer, columns=options["columns"], day_first=day_first, today=today
                )
            else:
                with Path(options["input"]).open("rb") as file:
                    table = read_past_table(
                        file, columns=options["columns"], day_first=day_first, today=today
                    )
        except OSError as error:
            raise CommandError(
                _("It cannot be read: %(why)s.") % {"why": error.strerror}, returncode=2
            ) from None
        except UnreadableInput as error:
            raise CommandError(str(error), returncode=2) from None
        reasons: dict[Identifier, str] = {}
        if not options["offline"]:
            reasons = _look_up(club, past_sessions.find_unknown(club, table.rows))
        try:
            added = past_sessions.bring_in(
                club,
                table,
                starts_at=options["starts_at"],
                minutes=options["minutes"],
                by=None,
                reasons=reasons,
            )
        except Refused as refusal:
            raise CommandError(str(refusal), returncode=2) from None
        counts = _(
            "%(sessions)d sessions and %(items)d papers or topics added, %(unchanged)d rows unchanged, "
        )
        counts += _("%(rejected)d rejected")
        self.stdout.write(
            counts
            % {
                "sessions": added.sessions,
                "items": added.items,
                "unchanged": added.unchanged,
                "rejected": len(added.rejections),
            }
        )
        for rejection in added.rejections:
            self.stdout.write(f"  {rejection.place}: {rejection.reason}")
            if rejection.raw:
                self.stdout.write(f"    {rejection.raw[:200]!r}")
        sys.exit(1 if added.rejections else 0)


def _look_up(club: Club, rows: list[PastRow]) -> dict[Identifier, str]:
    """Look up what is not known here, as many at once as a submission takes; return why there is no paper."""
    # Here, since most tables name papers by their titles.
    from papers.sources import looking_up

    reasons: dict[Identifier, str] = {}
    for begin in range(0, len(rows), submissions.MOST):
        found = mentions.Found()
        for row in rows[begin : begin + submissions.MOST]:
            assert row.identifier is not None
            found.add(row.identifier, str(row.identifier), row.place)
        run = looking_up.look_up_here(found, club=club, source=None)
        reasons |= {submissions.identifier_of(item): item.reason for item in run.items.all()}
    return reasons


def _read_columns(text: str) -> dict[str, str]:
    try:
        return csv_table.check_columns(json.loads(text), PAST)
    except (ValueError, UnreadableInput) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _read_time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 14:00") from None
