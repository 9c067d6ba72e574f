"""Make one paper of two that people know to be one work."""

from django.utils.translation import gettext as _

from accounts.models import User
from papers.models import Catalogue, Paper
from papers.verbs import verb
from papers.versions import Stamps

from ._identity import fold_papers
from ._merging import move_everything


class Refused(Exception):
    """What cannot be done to papers now; its text is a sentence for the person who tried."""


@verb
def merge_papers(keep: Paper, other: Paper, *, reason: str, by: User | None = None) -> Paper:
    """Make one paper of two; `other`'s id leads to `keep` from then on. Raises Refused."""
    Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
    keep, other = lock_papers(keep.pk, other.pk)
    stamps = Stamps()
    move_everything(keep, other, reason=reason, by=by, stamps=stamps)
    fold_papers({keep.pk: keep})
    stamps.write()
    return keep


def lock_papers(one: int, other: int) -> tuple[Paper, Paper]:
    """Return two papers as they are now, locked; they may become one. The catalogue is locked. Raises Refused."""
    if one == other:
        raise Refused(_("This is one and the same paper."))
    found = {
        paper.pk: paper
        for paper in Paper.objects.select_for_update(of=("self",)).filter(pk__in=[one, other]).order_by("pk")
    }
    if len(found) < 2:
        raise Refused(_("One of the two papers has been merged meanwhile."))
    if None not in (owners := {paper.private_to_id for paper in found.values()}) and len(owners) > 1:
        raise Refused(_("The two papers are private to different clubs, so they stay apart."))
    return found[one], found[other]
