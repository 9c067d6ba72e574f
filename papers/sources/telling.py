"""Telling those who keep a source that it has stalled: by mail once an incident, and on their pages while it lasts."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from accounts.models import Club, Role, User
from papers.models import OutgoingMail, Source
from papers.notifications import outbox
from papers.sources import health

logger = logging.getLogger(__name__)

KEY: Final = "stalled-sources"
REMEMBERED: Final = 300  # seconds; the tick of each minute writes it anew


def tell_stalled(now: datetime) -> None:
    """Mail those who keep a source that has stalled since they were last told, and let their pages know."""
    stalled = [source for source in Source.objects.scheduled() if health.has_stalled(source, now)]
    remember(stalled)
    for source in stalled:
        if source.told_at is None:
            try:
                _tell(source, now)
            except Exception:  # the tick of the next minute tries again
                logger.exception("Nobody could be told that source %s has stalled", source.pk)


def remember(stalled: Iterable[Source]) -> None:
    """Keep the names of stalled sources where pages find them without asking the database."""
    by_club: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for source in stalled:
        by_club[source.club_id or 0].append((source.pk, source.name))
    try:
        cache.set(KEY, dict(by_club), REMEMBERED)
    except Exception:  # the cache is away: pages show no banner, mail goes out all the same
        logger.warning("Stalled sources could not be remembered", exc_info=True)


def find_remembered(clubs: Iterable[Club], *, with_installation: bool) -> list[tuple[int, str]]:
    """Return the id and name of each stalled source of these clubs, and of the installation if asked for."""
    try:
        by_club: dict[int, list[tuple[int, str]]] = cache.get(KEY) or {}
    except Exception:  # the cache is away
        return []
    wanted = [*([0] if with_installation else []), *(club.pk for club in clubs)]
    return [each for club_id in wanted for each in by_club.get(club_id, [])]


def find_keepers(source: Source) -> QuerySet[User]:
    """Return who can do something about a source: its club's organisers and owners, or the administrators."""
    people = User.objects.filter(is_active=True)
    if source.club_id is None:
        return people.filter(is_superuser=True)
    organises = Q(memberships__club=source.club_id, memberships__role__in=[Role.ORGANISER, Role.OWNER])
    return people.filter(organises).distinct()


@transaction.atomic
def _tell(source: Source, now: datetime) -> None:
    """Queue a mail to each keeper, and note with it that they are told: one worker does."""
    if not Source.objects.filter(pk=source.pk, told_at=None).update(told_at=now):
        return
    context = {
        "source": source,
        "link": f"{settings.SITE_URL}{source.get_absolute_url()}",
        "site_name": settings.SITE_NAME,
        "now": now,
    }
    subject = render_to_string("papers/mail/source_stalled_subject.txt", context)
    text = render_to_string("papers/mail/source_stalled.txt", context)
    kind = OutgoingMail.Kind.SOURCE_STALLED
    outbox.put(
        [
            outbox.Letter(
                key=f"{kind}:source {source.pk}:{now.isoformat()}:user {person.pk}",
                kind=kind,
                recipient=person,
                club=source.club,
                subject=subject,
                text=text,
            )
            for person in find_keepers(source)
        ],
        now=now,
    )
