"""A flight's poses put right from what its overlapping photos show of the same ground."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.geometry.view import View
from inference.receipt import NotPlaced, Reason, ReasonCode
from inference.refinement.agreement import Agreement, measure_agreement
from inference.refinement.block import Block, group_blocks, plan_block
from inference.refinement.contradiction import (
    apart_square_m2,
    disagreement_square_m2,
    reach_m,
    widen,
)
from inference.refinement.matches import PairMatches
from inference.refinement.refine_block import BlockRefinement, refine_block
from inference.refinement.turned import Judgement, judge_photos, turn_view


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


@dataclass(slots=True, kw_only=True, eq=False)
class _Outcome:
    views: dict[str, View | NotPlaced]
    reasons: dict[str, tuple[Reason, ...]] = field(default_factory=dict)
    before_m: list[float] = field(default_factory=list)
    after_m: list[float] = field(default_factory=list)


def refine_views(
    views: Mapping[str, View | NotPlaced], matches: Sequence[PairMatches]
) -> Refinement:
    """Return the flight's views as the matches have them; never worse on matches left out.

    Photos of one camera over one ground are adjusted together. First each pair is looked at: a
    photo that agrees with its neighbours only when it is turned was turned by software after
    capture, and is put right; one that agrees in no way stays where it was and takes no part.
    Where pictures and records contradict each other, the errors grow by as much.
    """
    outcome = _Outcome(views=dict(views))
    placed = {name: view for name, view in views.items() if isinstance(view, View)}
    for names in group_blocks(placed):
        _refine_group({name: placed[name] for name in names}, matches, outcome)
    return Refinement(
        views=outcome.views,
        reasons=outcome.reasons,
        held_out_before_m=float(np.median(outcome.before_m)) if outcome.before_m else None,
        held_out_after_m=float(np.median(outcome.after_m)) if outcome.after_m else None,
    )


def _refine_group(
    views: Mapping[str, View], matches: Sequence[PairMatches], outcome: _Outcome
) -> None:
    """Put right the views of one group, and note in the outcome what became of them."""
    block = plan_block(views)
    agreements = measure_agreement(block, matches)
    judgement = judge_photos(agreements)
    turned = dict(views)
    for index, turns in judgement.turns.items():
        name = block.names[index]
        turned[name] = outcome.views[name] = turn_view(views[name], turns)
        detail = f"the picture is turned by {90 * turns} degrees clockwise against its attitude"
        _add_reason(outcome, name, ReasonCode.TURNED_AFTER_CAPTURE, detail)
    outsiders = _outsiders(block, agreements, judgement)
    left = {name: view for name, view in turned.items() if name not in outsiders}
    refined = refine_block(views, left, _fitting(block.names, matches, judgement))
    _note(outcome, refined)
    for name, square_m2 in sorted({**outsiders, **refined.outsiders}.items()):
        detail = "what it shows lies elsewhere by its pose than by those of overlapping photos"
        _add_reason(outcome, name, ReasonCode.DISAGREES_WITH_NEIGHBOURS, detail)
        _widen(outcome, name, square_m2)
    for name in (block.names[index] for index in judgement.upside_down):
        _widen(outcome, name, apart_square_m2(views[name], turned[name]))


def _outsiders(
    block: Block, agreements: Sequence[Agreement], judgement: Judgement
) -> dict[str, float]:
    """Return the photos that agree with no other, with how far off they may be, squared."""
    apart_m: dict[int, list[tuple[float, float]]] = {index: [] for index in judgement.outsiders}
    for agreement in agreements:
        pair = agreement.first, agreement.second
        baseline_m = float(np.linalg.norm(np.diff(block.places_m[list(pair), :2], axis=0)))
        for index in judgement.outsiders & set(pair):
            if agreement.apart_m is not None:
                apart_m[index].append((agreement.apart_m, baseline_m))
    squares = {}
    for index, known in sorted(apart_m.items()):
        reach = reach_m(block.views[index])
        # Where as stated it does not even see the same ground, all that it shows is in doubt.
        all_m2 = [
            disagreement_square_m2(apart, baseline_m=baseline, reach_m=reach)
            for apart, baseline in known
        ] or [reach**2]
        squares[block.names[index]] = float(np.median(all_m2))
    return squares


def _widen(outcome: _Outcome, name: str, square_m2: float) -> None:
    view = outcome.views[name]
    if isinstance(view, View):
        outcome.views[name] = widen(view, square_m2)


def _fitting(
    names: Sequence[str], matches: Sequence[PairMatches], judgement: Judgement
) -> list[PairMatches]:
    """Return the matches without the pairs that are found wrong."""
    bad = {frozenset((names[first], names[second])) for first, second in judgement.bad_pairs}
    return [pair for pair in matches if frozenset((pair.first, pair.second)) not in bad]


def _note(outcome: _Outcome, refined: BlockRefinement) -> None:
    outcome.views.update(refined.views)
    outcome.before_m.extend(refined.before_m)
    outcome.after_m.extend(refined.after_m)


def _add_reason(outcome: _Outcome, name: str, code: ReasonCode, detail: str) -> None:
    reason = Reason(code=code, detail=detail)
    outcome.reasons[name] = (*outcome.reasons.get(name, ()), reason)
