"""What people say of two papers that may be one: propose, merge, keep apart."""

from django.utils.translation import gettext as _

from accounts.models import User
from papers.models import CandidatePair, Catalogue, Decision, Paper
from papers.verbs import verb

from ._merging import write_decision
from ._uniting import Refused, lock_papers, merge_papers


@verb
def propose_pair(one: Paper, other: Paper, *, reason: str, by: User) -> CandidatePair:
    """Ask whether two papers are one; one that was kept apart is asked about again. Raises Refused.

    What a club's file brought up is for everybody to see from then on, as far as they may see both papers.
    """
    Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
    first, second = sorted(lock_papers(one.pk, other.pk), key=lambda paper: paper.pk)
    said = {"state": CandidatePair.State.OPEN, "reason": reason, "proposed_by": by, "club": None}
    pair, _is_new = CandidatePair.objects.update_or_create(first=first, second=second, defaults=said)
    return pair


@verb
def merge_pair(pair: CandidatePair, *, by: User) -> Paper:
    """Make one paper of a pair; return the one that stays. Raises Refused.

    That is the one that everybody may see, else the older.
    """
    Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
    pair = _find(pair)
    papers = lock_papers(pair.first_id, pair.second_id)
    keep, other = sorted(papers, key=lambda paper: (paper.private_to_id is not None, paper.pk))
    return merge_papers(keep, other, reason=_tell_reason(pair), by=by)


@verb
def keep_apart(pair: CandidatePair, *, by: User) -> CandidatePair:
    """Say that two papers are two, so that no import merges them; again changes nothing. Raises Refused."""
    Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
    pair = _find(pair)
    if pair.state != CandidatePair.State.APART:
        pair.state = CandidatePair.State.APART
        pair.save(update_fields=["state"])
        write_decision(Decision.Act.KEPT_APART, pair.first, pair.second, reason=_tell_reason(pair), by=by)
    return pair


def _tell_reason(pair: CandidatePair) -> str:
    """Return what the log may say for all to read: not that some club's file brought the pair up."""
    return pair.reason if pair.club_id is None else ""


def _find(pair: CandidatePair) -> CandidatePair:
    found = CandidatePair.objects.select_related("first", "second").filter(pk=pair.pk).first()
    if found is None:
        raise Refused(_("The two papers have been merged meanwhile."))
    return found
