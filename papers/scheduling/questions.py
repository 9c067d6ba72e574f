"""Questions in a meeting: ask, vote for one, answer, close, remove."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rates
from accounts.models import User
from papers.models import AgendaItem, Question, QuestionVote, Session
from papers.records import clean_line
from papers.verbs import verb
from papers.versions import stamp

from .refusals import Refused
from .sessions import lock_row

LONGEST: Final = 500
MOST_OPEN: Final = 20
"""Open questions of one person in one meeting."""
# More than anybody types or taps.
ASKED, ASKED_SECONDS = 30, 10 * 60

State = Question.State


class BadQuestion(Refused):
    """A question with nothing in it, or far too much."""

    field = "text"


class TooMany(Refused):
    """More questions than one person can mean to ask."""


class QuestionGone(Refused):
    """Somebody took the question away in this moment."""


class NotAsked(Refused):
    """A session that nobody may ask anything in: a draft, or a cancelled one."""


def ask(
    session: Session, *, text: str, by: User, item: AgendaItem | None = None, now: datetime | None = None
) -> Question:
    """Put a question into the queue, with the vote of who asks; about an item, else about what is on now.

    Raises BadQuestion, TooMany and NotAsked.
    """
    text = clean_line(text)
    if not text:
        raise BadQuestion(_("Write the question."))
    if len(text) > LONGEST:
        raise BadQuestion(_("A question has at most %(most)d characters.") % {"most": LONGEST})
    if not rates.is_within(f"question:{by.pk}", most=ASKED, seconds=ASKED_SECONDS):
        raise TooMany(_("You have asked many questions within a few minutes. Go on a little later."))
    return _ask(session, text, by, item, now or timezone.now())


@verb
def _ask(session: Session, text: str, by: User, item: AgendaItem | None, now: datetime) -> Question:
    session = lock_row(session)
    if session.state in {Session.State.DRAFT, Session.State.CANCELLED}:
        raise NotAsked(_("Nobody meets here: this session is a draft, or cancelled."))
    mine = Question.objects.filter(session=session, asked_by=by, state=State.OPEN)
    same = mine.filter(text=text).first()
    if same is not None:  # sent twice
        return same
    if mine.count() >= MOST_OPEN:
        raise TooMany(
            _("You have %(most)d open questions here. Close some of them first.") % {"most": MOST_OPEN}
        )
    item = item or (session.item_now if session.is_on else None)
    question = Question.objects.create(
        session=session, item=item, text=text, asked_by=by, asked_at=now, vote_count=1
    )
    QuestionVote.objects.create(question=question, member=by)
    stamp(session.club, [question])
    return question


@verb
def vote(question: Question, *, by: User) -> Question:
    """Say that one wants to know as well; saying it again changes nothing."""
    question = _lock(question)
    _vote, is_new = QuestionVote.objects.get_or_create(question=question, member=by)
    return _count(question) if is_new else question


@verb
def withdraw_vote(question: Question, *, by: User) -> Question:
    """Take the vote back; without one nothing changes."""
    question = _lock(question)
    gone, _kinds = QuestionVote.objects.filter(question=question, member=by).delete()
    return _count(question) if gone else question


@verb
def set_state(question: Question, *, state: str, by: User) -> Question:
    """Say of a question that it was answered, or is closed without an answer, or is open after all."""
    if state not in State.values:
        raise ValueError(f"A question is one of {State.values}, not {state!r}.")
    question = _lock(question)
    if question.state != state:
        question.state = state
        question.save(update_fields=["state"])
        stamp(question.session.club, [question])
    return question


@verb
def remove(question: Question, *, by: User) -> None:
    """Take a question away, with its votes."""
    question = _lock(question)
    gone, club = (Question, question.pk), question.session.club
    question.delete()
    stamp(club, deleted=[gone])


def _lock(question: Question) -> Question:
    rows = Question.objects.select_for_update(of=("self",)).select_related("session__club")
    found = rows.filter(pk=question.pk).first()
    if found is None:
        raise QuestionGone(_("This question was taken away."))
    return found


def _count(question: Question) -> Question:
    question.vote_count = question.votes.aggregate(n=models.Count("pk"))["n"]
    question.save(update_fields=["vote_count"])
    stamp(question.session.club, [question])
    return question
