"""The last runs of a source as a picture, for its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import ngettext

from papers.models import Import

HEIGHT: Final = 40  # in units of its own
STEP: Final = 10


@dataclass(frozen=True, slots=True)
class Chart:
    """The last runs, one tick each, oldest first: as high as what came in, red where one failed, short where nothing
    was new. The paths are drawn in a box of `width` by HEIGHT."""

    came: str
    nothing: str
    failed: str
    width: int
    height: int
    finding: str
    """What it shows, as a sentence."""


def draw(runs: Sequence[Import]) -> Chart:
    """Draw the runs given, newest first."""
    came, nothing, failed = [], [], []
    papers = [run.added + run.updated for run in runs]
    most = max(papers, default=0)
    for place, run in enumerate(reversed(runs)):
        x, number = STEP * place + STEP // 2, run.added + run.updated
        top = HEIGHT - 8 - (HEIGHT - 10) * number // most if number else HEIGHT - 8
        if run.state == Import.State.FAILED:
            failed.append(f"M{x} {HEIGHT}V{HEIGHT - 14}")
        elif number:
            came.append(f"M{x} {HEIGHT}V{top}")
        else:
            nothing.append(f"M{x} {HEIGHT}V{HEIGHT - 6}")
    new = sum(run.added for run in runs)
    finding = ngettext("%(n)d new paper", "%(n)d new papers", new) % {"n": new}
    finding += " " + ngettext("in one run", "in the last %(n)d runs", len(runs)) % {"n": len(runs)}
    if failed:
        finding += ", " + ngettext("of which one failed", "of which %(n)d failed", len(failed)) % {
            "n": len(failed)
        }
    return Chart("".join(came), "".join(nothing), "".join(failed), STEP * max(len(runs), 1), HEIGHT, finding)
