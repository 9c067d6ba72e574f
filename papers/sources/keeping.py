"""What those who keep sources do: make one, change it, pause it, remove it; and which ones a club follows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import Club
from papers import stored_inputs
from papers.models import FetchedPage, Import, Listing, Source, SourceRecord
from papers.sources import running
from papers.sources.planners import BadQuery, find
from papers.verbs import verb

MOST_OF_A_CLUB: Final = 50
# A change to one of these asks for something else: what is in of the former says nothing about the new.
_ASKED: Final = ("kind", "query", "address", "since")
FIRST_DAY: Final = date(1600, 1, 1)  # before all journals
_TIMES: Final = ("every_hours", "daily_at", "time_zone")


class Refused(Exception):
    """What cannot be done to a source; the text is a sentence, `field` the one to mend if there is one."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@verb
def make_source(*, club: Club | None, **facts: Any) -> Source:
    """Make a source of a club, or of the installation, and let it run at once, unless it is paused.

    Raises Refused, and ValidationError for what the constraints say.
    """
    # Two made at once are counted one after the other.
    if club is not None and _count_sources(club) >= MOST_OF_A_CLUB:
        raise Refused(_("A club has at most %(most)d sources. Remove one first.") % {"most": MOST_OF_A_CLUB})
    # Said here, since what the database would fill in is not there before it does.
    facts = {"query": "", "address": "", **facts}
    source = Source(club=club, slug=_choose_slug(facts["name"], club), **facts)
    _check(source)
    _refuse_twin(source)
    now = timezone.now()
    source.expected_since = now
    _set_next_run(source, now, at_once=True)
    source.full_clean()
    source.save()
    return source


def _count_sources(club: Club) -> int:
    return Club.objects.select_for_update(no_key=True).get(pk=club.pk).sources.count()


@verb
def change_source(source: Source, **facts: Any) -> Source:
    """Change what a source is called, asks or when. What it asks for anew it asks from the beginning.

    Raises Refused, and ValidationError for what the constraints say.
    """
    source = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
    before = {name: getattr(source, name) for name in (*_ASKED, *_TIMES, "is_paused")}
    for name, value in facts.items():
        setattr(source, name, value)
    changed = {name for name, value in before.items() if getattr(source, name) != value}
    if changed & set(_ASKED) or source.has_schedule:
        _check(source)
    if changed & {"kind", "query", "address"}:
        _refuse_twin(source)
    if changed & set(_ASKED):
        source.watermark, source.position, source.etag, source.last_modified = {}, None, "", ""
    if changed:
        _schedule(source, timezone.now(), at_once=bool(changed - set(_TIMES)))
    source.full_clean()
    source.save()
    return source


def pause(source: Source) -> Source:
    """Let a source rest; a run that is under way comes to its end."""
    return change_source(source, is_paused=True)


def resume(source: Source) -> Source:
    return change_source(source, is_paused=False)


def _schedule(source: Source, now: datetime, *, at_once: bool) -> None:
    _set_next_run(source, now, at_once=at_once)
    source.expected_since, source.failures, source.error, source.told_at = now, 0, "", None


def _set_next_run(source: Source, now: datetime, *, at_once: bool) -> None:
    """Let a source run now, unless its club had too much asked at once of late, or else at its hour."""
    following = running.find_next_time(source, now)
    source.due_at = now if following and at_once and running.may_ask_at_once(source) else following


def _check(source: Source) -> None:
    if source.kind == Source.Kind.UPLOAD:
        raise Refused(_("Uploads need no source of their own: import the file."), "kind")
    if source.since is not None and source.since < FIRST_DAY:
        raise Refused(_("Nothing was published so long ago."), "since")
    try:
        find(source.kind).check(running.make_query(source))
    except BadQuery as error:
        raise Refused(str(error), error.field) from None


def _refuse_twin(source: Source) -> None:
    """Raise Refused where the club has a source that asks for the same; administrators may have reasons for two."""
    same = Source.objects.filter(
        club=source.club_id, kind=source.kind, query=source.query, address=source.address
    )
    twin = same.exclude(pk=source.pk).first() if source.club_id is not None else None
    if twin is not None:
        raise Refused(
            _(
                "“%(name)s” asks for the same already. Change that one, or let this one ask for something else."
            )
            % {"name": twin.name}
        )


@verb
def remove(source: Source) -> None:
    """Remove a source that nothing came from. Raises Refused for others, whose papers say that it was there."""
    source = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
    if SourceRecord.objects.filter(source=source).exists() or Listing.objects.filter(source=source).exists():
        raise Refused(_("Papers came from it, and say so. Pause it instead."))
    if source.kind == Source.Kind.UPLOAD:
        raise Refused(_("Uploads go there. It stays."))
    runs = Import.objects.filter(source=source)
    pages = FetchedPage.objects.filter(run__in=runs)
    stored = {*runs.values_list("stored_as", flat=True), *pages.values_list("stored_as", flat=True)} - {""}
    runs.delete()
    source.delete()

    def forget() -> None:  # as nobody could find them any more
        stored_inputs.forget(*stored)

    transaction.on_commit(forget, robust=True)


@verb
def follow(club: Club, sources: Iterable[Source]) -> None:
    """Let a club follow these of the installation's sources, and no other; none at all stands for all of them."""
    wanted = Source.objects.filter(club=None, pk__in=[source.pk for source in sources])
    club.followed_sources.set(wanted)


def _choose_slug(name: str, club: Club | None) -> str:
    """Return a short name that is free; a club's begins with the club's."""
    parts = (club.slug if club else "", slugify(name) or "source")
    return Source.objects.find_free_slug("-".join(filter(None, parts)))
