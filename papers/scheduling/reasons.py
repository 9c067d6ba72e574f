"""Why a member is asked for a part, or why a place stays open, in a sentence; pure, but for the language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Self

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .presenters import Answer, Key, Open, Question, who_could

DATES = ("day", "since", "last", "joined")
WANTED = 2  # interest in a paper that one voted for; 1 for one with the tags of such a paper


@dataclass(frozen=True, slots=True)
class Why:
    """The facts that a proposal rests on, as they were when it was made."""

    day: date
    """Of the session."""
    since: date
    """The first day that counts for the load."""
    given: int
    """How often they took the part since then."""
    last: date | None
    joined: date | None
    """The day they joined, where that is after the first that counts."""
    leads: bool
    offered: bool
    others_offered: bool
    interest: int
    could: int
    """How many could be asked for this place."""
    more_recent: int
    """How many of them had their last turn later."""
    is_next: bool
    """Whether none of them had their last turn earlier."""
    less_burdened: int
    """How many of them had fewer turns, those counted for days away included."""

    def to_json(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        dates = {name: date.fromisoformat(facts[name]) for name in DATES if facts[name]}
        return cls(**{**facts, **dates})


def find_reasons(question: Question, answer: Answer) -> dict[Key, Why]:
    """Return the facts behind each place that a plan gives to somebody."""
    candidates = {candidate.id: candidate for candidate in question.candidates}
    places = {place.key: place for place in question.places}
    could = who_could(question)
    reasons = {}
    for key, member in answer.takes.items():
        place, candidate, others = places[key], candidates[member], could[key]
        last = {other.id: other.last.get(place.part, date.min) for other in others}
        before = {
            other.id: answer.burdens[other.id, place.part].given + answer.burdens[other.id, place.part].credit
            for other in others
        }
        reasons[key] = Why(
            day=place.day,
            since=question.since,
            given=candidate.given.get(place.part, 0),
            last=candidate.last.get(place.part),
            joined=candidate.joined if candidate.joined > question.since else None,
            leads=place.leads,
            offered=place.leads and (member, place.item) in question.offers,
            others_offered=any(item == place.item for _member, item in question.offers),
            interest=question.interest.get((member, place.item), 0),
            could=len(others),
            more_recent=sum(day > last[member] for day in last.values()),
            is_next=last[member] == min(last.values()),
            less_burdened=sum(burden < before[member] for burden in before.values()),
        )
    return reasons


def explain_of(why: Why, part: str, *, name: str, tells_votes: bool) -> str:
    """Say to others why somebody is asked; what they voted for only where the club tells such things."""
    return explain(why if tells_votes else replace(why, interest=0), part, name=name)


def explain(why: Why, part: str, *, name: str = "") -> str:
    """Say to the person asked why they are, or with a name, to others who may know what they voted for."""
    turn = _say_turn(why, part)
    if why.offered or why.interest >= WANTED:
        if name:
            did = _("%(name)s volunteered") if why.offered else _("%(name)s voted for it")
            return f"{did % {'name': name}}; {turn}."
        did = _("You volunteered") if why.offered else _("You voted for it")
        return f"{did}; {_say_your_turn(why, part)}."
    sentences = []
    if why.leads and not why.others_offered:
        sentences.append(_("Nobody volunteered."))
    if why.last is None and why.joined:
        sentences.append(
            _("%(turn)s: joined on %(day)s, so the load is counted from then.")
            % {"turn": _capitalise(turn), "day": _say_day(why.joined, why.day)}
        )
    elif why.could == 1:
        sentences.append(_("Nobody else is free that day; %(turn)s.") % {"turn": turn})
    elif why.is_next:
        who = {"name": name, "turn": turn}
        sentences.append(
            _("Among those free that day, %(name)s comes next: %(turn)s.") % who
            if name
            else _("Among those free that day, you come next: %(turn)s.") % who
        )
    elif not why.less_burdened:
        sentences.append(
            _("Among those free that day nobody has done less: %(times)s; %(turn)s.")
            % {"times": _say_times(why), "turn": turn}
        )
    else:
        sentences.append(_("%(turn)s.") % {"turn": _capitalise(turn)})
        sentences.append(
            ngettext(
                "%(number)d of those free that day had a turn more recently.",
                "%(number)d of those free that day had a turn more recently.",
                why.more_recent,
            )
            % {"number": why.more_recent}
        )
    if why.interest == 1:
        sentences.append(
            _("It has the tags of papers %(name)s voted for.") % {"name": name}
            if name
            else _("It has the tags of papers you voted for.")
        )
    return " ".join(sentences)


def say_open(why: str, *, candidates: int) -> str:
    """Say why a place stays open."""
    if why == Open.NOBODY:
        return _("No member takes parts.")
    if why == Open.AWAY:
        return _("Everybody who takes parts is away that day.")
    if why == Open.KEPT_OUT:
        return _("Whoever is free that day said no to this paper, or is one of its authors.")
    if candidates == 1:
        return _("Only one member takes parts, and nobody takes two in one paper or more than their cap.")
    return _("Whoever is free that day has another part in this paper, or as many as their cap allows.")


def say_gap(gap: int, part: str) -> str:
    """Say how fair a plan is in one part."""
    if gap == 0:
        return _("As %(part)s, everybody is asked equally often.") % {"part": part}
    return ngettext(
        "As %(part)s, the most and the least asked are one turn apart.",
        "As %(part)s, the most and the least asked are %(number)d turns apart.",
        gap,
    ) % {"part": part, "number": gap}


def _say_turn(why: Why, part: str) -> str:
    if why.last is None:
        return _("first talk") if why.leads else _("first turn as %(part)s") % {"part": part}
    day = _say_day(why.last, why.day)
    if why.leads:
        return _("last talk on %(day)s") % {"day": day}
    return _("last turn as %(part)s on %(day)s") % {"part": part, "day": day}


def _say_your_turn(why: Why, part: str) -> str:
    if why.last is None:
        return _("it is your %(turn)s") % {"turn": _say_turn(why, part)}
    day = _say_day(why.last, why.day)
    if why.leads:
        return _("you last presented on %(day)s") % {"day": day}
    return _("you were last %(part)s on %(day)s") % {"part": part, "day": day}


def _say_times(why: Why) -> str:
    since = format_date(why.since, "F Y")
    if why.given == 0:
        return _("not once since %(month)s") % {"month": since}
    return ngettext("once since %(month)s", "%(number)d times since %(month)s", why.given) % {
        "number": why.given,
        "month": since,
    }


def _say_day(day: date, beside: date) -> str:
    return format_date(day, "j F" if day.year == beside.year else "j F Y")


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
