"""`manage.py import`: the worker's function, in one's own process."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Club
from papers import importers, importing, mentions, stored_inputs, submissions
from papers.identifiers import Identifier, parse
from papers.models import Import, Paper, Source, SubmissionItem
from papers.records import MAX_PLACE, UnreadableInput

BAR = 30
PATIENCE = 600.0  # seconds that the shell waits until a host may be asked again
WIDTH = 79
INTERRUPTED = 130
NAMED = 3
UNANSWERED = SubmissionItem.State.UNANSWERED


class Unreadable(Exception):
    """An input that could not be opened at all; its text is a sentence."""


class Command(BaseCommand):
    help = (
        "Imports files, addresses, - (standard input), or papers by their identifiers (a DOI, an arXiv id, a PMID, an "
        "OpenReview id, or the address of one). Ends with 0 if nothing was rejected, with 1 if some records were, with "
        "2 if an input could not be read at all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "inputs", nargs="+", metavar="INPUT", help="a file, a web address, - or an identifier"
        )
        parser.add_argument(
            "--format", default="", choices=["", *importers.FORMATS], help="default: detected"
        )
        parser.add_argument("--date", type=_read_date, help="the day of the listing, such as 2025-04-25")
        parser.add_argument(
            "--columns",
            type=_read_columns,
            metavar="JSON",
            help='of tables (CSV): fields and the headings of their columns, such as \'{"title": "Titel"}\'; '
            "default: guessed",
        )
        parser.add_argument("--source", help="the short name of a source; default: by format")
        parser.add_argument("--club", help="the short name of a club: its uploads, private to it")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead")

    def handle(self, *args: Any, **options: Any) -> None:
        club = self._find(Club, options["club"], _("There is no club “%(slug)s”."))
        source = self._find(Source, options["source"], _("There is no source “%(slug)s”."))
        total = {"added": 0, "updated": 0, "unchanged": 0, "rejected": 0}
        papers: list[int] = []
        rejections: list[dict[str, str]] = []
        worst = 0
        for names, identifiers in _group(options["inputs"], options):
            name = (
                names[0] if not identifiers else ", ".join(names[:NAMED]) + (", …" if names[NAMED:] else "")
            )
            try:
                if identifiers:
                    run = self._look_up(names, identifiers, club, source, papers, options)
                else:
                    run = self._import(name, club, source, papers, options)
            except (Unreadable, importing.Refused, submissions.Refused) as error:
                self._complain(f"{name}: {error}")
                worst = 2
                continue
            except KeyboardInterrupt:
                self._complain(
                    "\n" + _("Stopped. What had come in stays; run it again, and the rest comes in.")
                )
                sys.exit(INTERRUPTED)
            for count in total:
                total[count] += getattr(run, count)
            found = [
                {"place": each.place, "reason": each.reason, "raw": each.raw} for each in run.rejections.all()
            ]
            rejections += found
            is_unread = run.state == Import.State.FAILED or run.items.filter(state=UNANSWERED).exists()
            worst = max(worst, 2 if is_unread else 1 if found else 0)
            if not options["json"]:
                self._report(name, run, found)
            elif run.error:
                self._complain(f"{name}: {run.error}")
        if options["json"]:
            self.stdout.write(json.dumps({**total, "papers": papers, "rejections": rejections}))
        sys.exit(worst)

    def _import(
        self, name: str, club: Club | None, source: Source | None, papers: list[int], options: dict[str, Any]
    ) -> Import:
        shows_bar = not options["json"] and sys.stderr.isatty()
        with _open(name) as path:
            run = importing.import_file(
                path,
                name="standard input" if name == "-" else name,
                club=club,
                source=source,
                format=options["format"],
                date=options["date"],
                columns=options["columns"],
                on_progress=self._show_bar if shows_bar else None,
                on_paper=papers.append,
            )
        if shows_bar:
            sys.stderr.write("\n")
        return run

    def _look_up(
        self,
        names: list[str],
        identifiers: list[Identifier],
        club: Club | None,
        source: Source | None,
        papers: list[int],
        options: dict[str, Any],
    ) -> Import:
        """Look up identifiers that follow each other, as many at once as their services take."""
        # Here, since most imports ask nobody.
        from papers.sources import looking_up

        if options["date"]:
            raise importing.Refused(_("Papers by their identifiers stand in no listing: leave --date away."))
        found = mentions.Found()
        for name, identifier in zip(names, identifiers, strict=True):
            found.add(identifier, name, name[:MAX_PLACE])
        shows_bar = not options["json"] and sys.stderr.isatty()
        most = len(found.mentions)
        run = looking_up.look_up_here(
            found,
            club=club,
            source=source,
            on_progress=(lambda run: self._show_bar(run, run.taken / most)) if shows_bar else None,
        )
        if shows_bar:
            sys.stderr.write("\n")
        has_paper = {
            submissions.identifier_of(item) for item in run.items.all() if item.state in submissions.FOUND
        }
        ids = submissions.find_papers(has_paper, Paper.objects.all())
        papers += [ids[each] for each in identifiers if each in ids]
        return run

    @staticmethod
    def _show_bar(run: Import, share: float | None = None) -> None:
        if share is None:
            share = min(1.0, run.read_bytes / run.input_bytes) if run.input_bytes else 1.0
        bar = "#" * round(BAR * share)
        pace = f"  {run.pace:,.0f}/s" if run.pace else ""
        left = f"  {_write_seconds(run.seconds_left)} left" if run.seconds_left is not None else ""
        # Padded, so that a shorter line leaves nothing of a longer one.
        sys.stderr.write(f"\r{f'[{bar:<{BAR}}] {share:4.0%}  {run.taken:,}{pace}{left}':<{WIDTH}}")
        sys.stderr.flush()

    def _report(self, name: str, run: Import, rejections: list[dict[str, str]]) -> None:
        counts = _("%(added)d added, %(updated)d updated, %(unchanged)d unchanged, %(rejected)d rejected")
        self.stdout.write(f"{name}: {counts % vars(run)}")
        for each in rejections:
            self.stdout.write(f"  {each['place']}: {each['reason']}")
            if each["raw"]:
                self.stdout.write(f"    {each['raw'][:200]!r}")
        if run.error:
            self._complain(f"{name}: {run.error}")
        elif rejections:
            said = ngettext("%(n)d record was rejected.", "%(n)d records were rejected.", run.rejected)
            rest = _("Everything else is in.") if run.came_in else _("Nothing came in.")
            self._complain(said % {"n": run.rejected} + " " + rest)

    def _complain(self, text: str) -> None:
        self.stderr.write(text)

    @staticmethod
    def _find(model: Any, slug: str | None, refusal: str) -> Any:
        if slug is None:
            return None
        found = model.objects.filter(slug=slug).first()
        if found is None:
            raise CommandError(refusal % {"slug": slug}, returncode=2)
        return found


def _group(inputs: list[str], options: dict[str, Any]) -> Iterator[tuple[list[str], list[Identifier]]]:
    """Give each file or address by itself, and identifiers that follow each other together.

    A file of that name wins, and with --format everything is a file, or the address of one.
    """
    names: list[str] = []
    identifiers: list[Identifier] = []
    for name in inputs:
        is_file = name == "-" or options["format"] or Path(name).exists()
        identifier = None if is_file else parse(name)
        if names and (identifier is None or len(names) == submissions.MOST):
            yield names, identifiers
            names, identifiers = [], []
        if identifier is None:
            yield [name], []
        else:
            names.append(name)
            identifiers.append(identifier)
    if names:
        yield names, identifiers


def _write_seconds(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _read_columns(text: str) -> dict[str, str]:
    try:
        return importers.csv_table.check_columns(json.loads(text))
    except (ValueError, UnreadableInput) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2025-04-25") from None


@contextmanager
def _open(name: str) -> Iterator[Path]:
    """Give an input as a local file; what comes from a pipe or the web is spooled to a temporary one.

    Of a pipe, as of the web, at most UPLOAD_LIMIT bytes come, as it may have no end.
    """
    if name != "-" and urlsplit(name).scheme not in {"http", "https"}:
        path = Path(name)
        if path.is_dir():
            raise Unreadable(_("It is a folder. Name the files in it."))
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise Unreadable(_("There is no such file.")) from None
        except OSError as error:
            raise Unreadable(_("It cannot be read: %(why)s.") % {"why": error.strerror}) from None
        with file, tempfile.NamedTemporaryFile() as spool:
            if path.is_file():
                yield path
                return
            _spool(file, spool)
            spool.flush()
            yield Path(spool.name)
            return
    with tempfile.NamedTemporaryFile() as spool:
        if name == "-":
            _spool(sys.stdin.buffer, spool)
        else:
            from papers.sources import politeness
            from papers.sources.fetch import Unfetched, fetch

            # By the rules for sources: whoever types an address has seldom looked where it redirects to, and a
            # loop in the shell is as fast as any worker. But who has a shell here is an administrator.
            turn = partial(politeness.turn, patience=PATIENCE)
            try:
                fetch(name, spool, is_trusted=True, turn=turn)  # type: ignore[arg-type]
            except (Unfetched, politeness.NotNow) as error:
                raise Unreadable(_("It could not be fetched: %(why)s") % {"why": error}) from error
        spool.flush()
        yield Path(spool.name)


def _spool(pipe: IO[bytes], spool: IO[bytes]) -> None:
    size = 0
    while chunk := pipe.read(stored_inputs.CHUNK):
        size += len(chunk)
        if size > settings.UPLOAD_LIMIT:
            raise Unreadable(
                _("It gives more than %(most)d MB. Save it to a file, and import that.")
                % {"most": settings.UPLOAD_LIMIT // 2**20}
            )
        spool.write(chunk)
