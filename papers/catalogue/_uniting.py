"""Make one paper of two that people know to be one work."""

from django.db import transaction

from papers.models import Catalogue, Paper
from papers.versions import Stamps

from ._identity import fold_papers
from ._merging import move_everything


@transaction.atomic
def merge_papers(keep: Paper, other: Paper, *, reason: str) -> Paper:
    """Make one paper of two; `other`'s id leads to `keep` from then on."""
    Catalogue.objects.select_for_update().get(pk=Catalogue.ID)
    stamps = Stamps()
    move_everything(keep, other, reason=reason, stamps=stamps)
    fold_papers({keep.pk: keep})
    stamps.write()
    return keep
