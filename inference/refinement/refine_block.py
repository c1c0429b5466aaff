"""One block of photos adjusted, judged by matches left out, and taken over if it is better."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.geometry.pose_errors import HEIGHT
from inference.geometry.view import View
from inference.refinement.adjust import Adjustment, adjust
from inference.refinement.block import (
    PHOTO_UNKNOWNS,
    Block,
    no_deviations,
    plan_block,
)
from inference.refinement.contradiction import MOST_REACHES, apart_square_m2, reach_m
from inference.refinement.errors_after import errors_after
from inference.refinement.matches import PairMatches
from inference.refinement.put_right import put_right
from inference.refinement.residuals import (
    Sightlines,
    cast_gaps_m,
    plan_sightlines,
    ray_gaps_m,
    ray_gaps_px,
    select_sightlines,
)
from inference.refinement.seen_ground import cast_on_seen_ground, see_ground
from inference.refinement.tracks import join_tracks, split_held_out
from inference.refinement.weights import MEDIAN_TO_SIGMA

LEAST_TRACKS = 15
MOST_SIGMAS = 4.0  # of a photo and of what the flight shares, from what is stated
USUAL_SIGMAS = 2.0
MOST_ROUNDS = 3
# The upper tail may grow by this part while the median shrinks.
TAIL_TOLERANCE = 1.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockRefinement:
    """What became of a block.

    Attributes:
        views: Those put right, by SHA-256; empty where the adjustment was not taken over.
        outsiders: Photos that cannot be brought to agree within their stated errors, with the mean
            square in m2 of how far that would move what they show; those left out, or all.
        before_m: Distances on the ground between matches left out, of poses as stated.
        after_m: Likewise of the poses as returned.
    """

    views: Mapping[str, View]
    outsiders: Mapping[str, float] = field(default_factory=dict)
    before_m: tuple[float, ...] = ()
    after_m: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Adjusted:
    """An adjustment with the sightlines that it used, and those that were left out of it."""

    adjustment: Adjustment
    used: Sightlines
    held_out: Sightlines


def refine_block(
    stated: Mapping[str, View], views: Mapping[str, View], matches: Sequence[PairMatches]
) -> BlockRefinement:
    """Return the views put right, if matches that were left out say that they are better.

    Args:
        stated: As the photos state it, for the distances before.
        views: To begin with: turned photos put right, outsiders left away.
        matches: Of their pairs.
    """
    outsiders: dict[str, float] = {}
    for _ in range(MOST_ROUNDS):
        left = {name: view for name, view in views.items() if name not in outsiders}
        if len(left) < 2:
            break
        block = plan_block(left)
        found = _adjust_block(block, matches)
        if found is None:
            break
        far = _far_photos(block, found.adjustment)
        if not far:
            return _judge(block, stated, found, outsiders)
        if 2 * len(far) > len(left):
            far = set(left)  # the rest may be the wrong ones
        outsiders |= _moved_squares_m2(block, found.adjustment, far)
    return BlockRefinement(views={}, outsiders=outsiders)


def _adjust_block(block: Block, matches: Sequence[PairMatches]) -> _Adjusted | None:
    """Return the adjustment, None where matches are too few."""
    index_of = {name: index for index, name in enumerate(block.names)}
    used, out = split_held_out(join_tracks(matches, index_of))
    if used.count < LEAST_TRACKS:
        return None
    sightlines = select_sightlines(plan_sightlines(block, used))
    held_out = select_sightlines(plan_sightlines(block, out))
    if not sightlines.tracks.count or not held_out.tracks.count:
        return None
    adjustment = adjust(block, sightlines)
    if adjustment is None:
        return None
    return _Adjusted(adjustment=adjustment, used=sightlines, held_out=held_out)


def _far_photos(block: Block, adjustment: Adjustment) -> set[str]:
    """Return the photos whose poses would have to be absurdly far from what is stated."""
    stated = block.own + block.common[:PHOTO_UNKNOWNS, :PHOTO_UNKNOWNS]
    sigmas = np.sqrt(np.diagonal(stated, axis1=1, axis2=2))
    far = np.abs(adjustment.deviations.photos / sigmas).max(axis=1) > MOST_SIGMAS
    return {name for name, is_far in zip(block.names, far, strict=True) if is_far}


def _moved_squares_m2(
    block: Block, adjustment: Adjustment, names: Collection[str]
) -> dict[str, float]:
    """Return the mean squares of how far the adjustment moves what photos show.

    At most as if they looked the other way: nothing vouches for it being right.
    """
    squares = {}
    for index, (name, view) in enumerate(zip(block.names, block.views, strict=True)):
        if name in names:
            deviations = adjustment.deviations
            moved = put_right(
                view, deviations, index, view.errors, ground_sigma_m=view.ground_sigma_m
            )
            most = (MOST_REACHES * reach_m(view)) ** 2
            squares[name] = min(apart_square_m2(view, moved), most)
    return squares


def _judge(
    block: Block,
    stated: Mapping[str, View],
    adjusted: _Adjusted,
    outsiders: Mapping[str, float],
) -> BlockRefinement:
    """Return the adjusted views where these are better on matches left out, else none.

    Views that are better and not within the stated errors say that something stated is wrong.
    """
    adjustment, held_out = adjusted.adjustment, adjusted.held_out
    begin = no_deviations(len(block.names))
    after = cast_gaps_m(block, held_out, adjustment.deviations)
    before = cast_gaps_m(block, held_out, begin)
    as_stated = plan_block({name: stated[name] for name in block.names})
    at_first = cast_gaps_m(as_stated, plan_sightlines(as_stated, held_out.tracks), begin)
    is_better = _is_better(block, held_out, adjustment)
    if is_better and not _is_within_errors(block, adjustment):
        is_better = False
        outsiders = {**outsiders, **_moved_squares_m2(block, adjustment, block.names)}
    kept = after if is_better else before
    return BlockRefinement(
        views=_put_right(block, adjusted) if is_better else {},
        outsiders=outsiders,
        before_m=tuple(at_first[np.isfinite(at_first)]),
        after_m=tuple(kept[np.isfinite(kept)]),
    )


def _is_better(block: Block, held_out: Sightlines, adjustment: Adjustment) -> bool:
    """Tell whether matches left out end nearer to each other on the ground, far ones included.

    Over level ground far ones are those over the largest relief, which poses cannot help: there
    the rays' distance from each other is judged.
    """
    states = no_deviations(len(block.names)), adjustment.deviations
    before, after = (cast_gaps_m(block, held_out, state) for state in states)
    both = np.isfinite(before) & np.isfinite(after)
    if not both.any() or not np.median(after[both]) < np.median(before[both]):
        return False
    if not block.views[0].has_ground_model:
        before, after = (ray_gaps_m(block, held_out, state) for state in states)
    tail = np.percentile(after[both], 90) <= TAIL_TOLERANCE * np.percentile(before[both], 90)
    return bool(tail)


def _is_within_errors(block: Block, adjustment: Adjustment) -> bool:
    """Tell whether what the flight has in common is what its stated errors allow."""
    sigmas = np.sqrt(np.diag(block.common))
    return bool(np.abs(adjustment.deviations.common / sigmas).max() < MOST_SIGMAS)


def _stated_variance_ratios(block: Block, adjustment: Adjustment) -> tuple[float, float]:
    """Return by how much deviations show stated variances to be too small, of all and of places.

    The photos' own parts tell by their mean square. What the flight shares is one draw of each
    kind: of these only what goes beyond two sigmas tells. Both are 1 or more.
    """
    shared = adjustment.deviations.common[HEIGHT:]
    own = adjustment.deviations.photos.copy()
    own[:, HEIGHT:] -= shared[: PHOTO_UNKNOWNS - HEIGHT]
    squares = own**2 / np.diagonal(block.own, axis1=1, axis2=2)
    of_shared = float((shared**2 / np.diag(block.common)[HEIGHT:]).max()) / USUAL_SIGMAS**2
    return max(1.0, float(squares.mean()), of_shared), max(1.0, float(squares[:, :HEIGHT].mean()))


def _put_right(block: Block, adjusted: _Adjusted) -> dict[str, View]:
    adjustment, held_out = adjusted.adjustment, adjusted.held_out
    # Each of the two rays of a gap has the noise of one coordinate.
    gap_px = MEDIAN_TO_SIGMA * float(np.median(ray_gaps_px(block, held_out, adjustment.deviations)))
    ratio = max(1.0, gap_px**2 / (2.0 * adjustment.noise_px**2))
    of_all, of_places = _stated_variance_ratios(block, adjustment)
    errors = errors_after(
        block,
        adjustment.covariance,
        variance_ratio=max(ratio, of_all),
        place_ratio=of_places,
    )
    seen = see_ground(
        block, adjusted.used, held_out, adjustment.deviations, noise_px=adjustment.noise_px
    )
    views = {
        name: put_right(
            view,
            adjustment.deviations,
            index,
            errors[index],
            ground_sigma_m=0.0 if view.has_ground_model else adjustment.ground_sigma_m,
        )
        for index, (name, view) in enumerate(zip(block.names, block.views, strict=True))
    }
    return {name: cast_on_seen_ground(view, seen) for name, view in views.items()}
