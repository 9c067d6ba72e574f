"""Why a paper stands where it stands on the list, and until when votes count for what: each in one sentence."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.contrib.humanize.templatetags.humanize import apnumber
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from .voting import Closing, Ranked, Window


def explain(
    row: Ranked, place: int, above: Ranked | None = None, below: Ranked | None = None, *, threshold: int
) -> str:
    """Return one sentence that says why a row stands in its place, beside the rows around it."""
    if row.score < threshold:
        return _tell_too_low(row, threshold)
    what = ""
    if above is not None and above.score == row.score:
        what = _tell_behind(row, above, place)
    elif above is None and below is None:
        what = _("the only paper on the list, with %(votes)s") % {"votes": _tell_votes(row)}
    elif above is None and below is not None and below.score == row.score:
        what = _tell_ahead(row, below)
    elif above is None:
        what = _tell_first(row)
    return _("%(place)s: %(what)s.") % {"place": name_place(place), "what": what or _tell_votes(row)}


def name_place(place: int) -> str:
    """Return “First”, “Second” … and from eleven on “Number 11”, as a sentence begins with it."""
    names = _name_places()
    return names[place - 1][0] if place <= len(names) else _("Number %(place)d") % {"place": place}


def _name_above(place: int) -> str:
    """Return the place before as it is named within a sentence."""
    names = _name_places()
    above = place - 1
    return names[above - 1][1] if above <= len(names) else _("number %(place)d") % {"place": above}


def _name_places() -> list[tuple[str, str]]:
    return [
        (_("First"), _("the first")),
        (_("Second"), _("the second")),
        (_("Third"), _("the third")),
        (_("Fourth"), _("the fourth")),
        (_("Fifth"), _("the fifth")),
        (_("Sixth"), _("the sixth")),
        (_("Seventh"), _("the seventh")),
        (_("Eighth"), _("the eighth")),
        (_("Ninth"), _("the ninth")),
        (_("Tenth"), _("the tenth")),
    ]


def write_points(score: Decimal) -> str:
    """Return a score as people write it: 7, −1, 2.5; with two decimals at most."""
    text = f"{round(score, 2):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def _tell_too_low(row: Ranked, threshold: int) -> str:
    if not _count_all(row):
        text = _("No vote counts for it yet; a paper needs a score of %(least)d to get on an agenda.")
        return text % {"least": threshold}
    text = _("Below the score of %(least)d that a paper needs: %(votes)s.")
    return text % {"least": threshold, "votes": _tell_votes(row)}


def _tell_first(row: Ranked) -> str:
    if not row.offers:
        return _("the highest score, %(votes)s") % {"votes": _tell_votes(row)}
    return ngettext(
        "the highest score, and a member offered to present it",
        "the highest score, and %(number)s members offered to present it",
        row.offers,
    ) % {"number": apnumber(row.offers)}


def _tell_ahead(row: Ranked, below: Ranked) -> str:
    if row.offers and not below.offers:
        return _("level with the second on score, ahead of it because somebody offered to present it")
    if row.first_vote != below.first_vote:
        return _("level with the second on score, ahead of it because its first vote came earlier")
    if row.suggested != below.suggested:
        return _("level with the second on score, ahead of it because it was suggested earlier")
    return _("level with the second in everything, ahead of it because it was noted earlier")


def _tell_behind(row: Ranked, above: Ranked, place: int) -> str:
    names = {"above": _name_above(place)}
    if above.offers and not row.offers:
        text = _("level with %(above)s on score, behind it because nobody has offered to present it")
        return text % names
    if above.first_vote is not None and row.first_vote is None:
        return _("level with %(above)s on score, behind it because nobody promoted it") % names
    if above.first_vote is not None and row.first_vote is not None and above.first_vote != row.first_vote:
        names["later"] = tell_later(row.first_vote - above.first_vote)
        return _("level with %(above)s; its first vote came %(later)s") % names
    if above.suggested != row.suggested:
        names["later"] = tell_later(row.suggested - above.suggested)
        return _("level with %(above)s; it was suggested %(later)s") % names
    return _("level with %(above)s in everything; it was noted later") % names


def tell_later(gap: timedelta) -> str:
    """Return “a day later”, “two hours later”: the largest unit of which it has at least one."""
    if gap >= timedelta(days=1):
        number, text = gap.days, ngettext("a day later", "%(number)s days later", gap.days)
    elif gap >= timedelta(hours=1):
        number = gap // timedelta(hours=1)
        text = ngettext("an hour later", "%(number)s hours later", number)
    elif gap >= timedelta(minutes=1):
        number = gap // timedelta(minutes=1)
        text = ngettext("a minute later", "%(number)s minutes later", number)
    else:
        return _("a moment later")
    return text % {"number": apnumber(number)}


def _count_all(row: Ranked) -> int:
    return row.promotions + row.demotions + row.carried_promotions + row.carried_demotions


def _tell_votes(row: Ranked) -> str:
    """Return “six votes for, none against”, and what earlier windows add to them."""
    up, down = row.promotions, row.demotions
    carried = row.carried_promotions + row.carried_demotions
    if not _count_all(row):
        return _("no votes")
    if not carried:
        return _tell_tally(up, down)
    facts = {"points": write_points(row.carried), "number": apnumber(carried)}
    if not up + down:
        text = ngettext(
            "no new votes; one from before the last lock counts %(points)s",
            "no new votes; %(number)s from before the last lock count %(points)s",
            carried,
        )
        return text % facts
    facts["votes"] = _tell_tally(up, down)
    text = ngettext(
        "%(votes)s since the last lock; one from before counts %(points)s",
        "%(votes)s since the last lock; %(number)s from before count %(points)s",
        carried,
    )
    return text % facts


def _tell_tally(up: int, down: int) -> str:
    if not up:
        text = ngettext("one vote against, none for", "%(down)s votes against, none for", down)
    elif not down:
        text = ngettext("one vote for, none against", "%(up)s votes for, none against", up)
    else:
        text = ngettext("one vote for, %(down)s against", "%(up)s votes for, %(down)s against", up)
    return text % {"up": apnumber(up), "down": apnumber(down)}


# Windows


def write_moment(moment: datetime, time_zone: str) -> str:
    """Return a time as people say it where they meet: “Monday 28 April, 18:00”."""
    return date_format(moment.astimezone(ZoneInfo(time_zone)), "l j F, H:i")


def write_day(moment: datetime, time_zone: str) -> str:
    return date_format(moment.astimezone(ZoneInfo(time_zone)), "l j F")


def tell_window(window: Window) -> str:
    """Return until when votes count for which session: “Votes close Monday 28 April, 18:00, for Wednesday 30 April.”"""
    closing = window.closing
    if closing is None:
        return _("No session is open for votes yet. What is cast now counts for the next one.")
    return _("Votes close %(when)s, for %(day)s.") % {
        "when": write_moment(closing.closes, closing.time_zone),
        "day": write_day(closing.starts, closing.time_zone),
    }


def tell_closed(closed: Closing, window: Window) -> str:
    """Return that a session takes no more votes, and for which one those of now count."""
    closing = window.closing
    if closing is None:
        text = _("Votes for %(day)s are closed, so it counts for the session after.")
    else:
        text = _("Votes for %(day)s are closed, so it counts for %(next)s.")
    return text % {
        "day": write_day(closed.starts, closed.time_zone),
        "next": write_day(closing.starts, closing.time_zone) if closing else "",
    }


def tell_left(left: int, window: Window) -> str:
    """Return how many votes a member has until votes close next."""
    words = ngettext("%(number)d vote left", "%(number)d votes left", left) % {"number": left}
    if window.closing is None:
        return f"{words}."
    when = write_moment(window.closing.closes, window.closing.time_zone)
    return _("%(left)s until %(when)s.") % {"left": words, "when": when}
