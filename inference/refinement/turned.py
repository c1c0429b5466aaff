"""Photos that were turned by software after capture, and those that agree with no other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from inference.geometry.camera import Camera
from inference.geometry.view import View, plan_bounds
from inference.refinement.agreement import QUARTER_TURNS, Agreement

AGREES_SIGMAS = 3.0
DISAGREES_SIGMAS = 4.0
MAX_COST_SIGMAS = 6.0  # a pair of wrong matches says no more than this
TURN_COST = 4.0  # as of a pair that is off by nearly three sigmas
LEAST_GAIN = 8.0  # as of a pair that was off by four sigmas
ROUNDS = 10
HALF_TURN = QUARTER_TURNS // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the pairs say of the photos.

    Attributes:
        turns: By index: clockwise quarter turns of the picture, of those that were turned.
        outsiders: Photos that disagree with their neighbours however they are turned.
        bad_pairs: Pairs whose matches agree with neither photo's others.
        upside_down: Of the turned, those by half a turn that agree with no upright one. Had they
            been flown the other way round, upright, they would agree as well.
    """

    turns: dict[int, int]
    outsiders: frozenset[int]
    bad_pairs: frozenset[tuple[int, int]]
    upside_down: frozenset[int] = frozenset()


def judge_photos(agreements: Sequence[Agreement]) -> Judgement:
    """Return which photos were turned, and which agree with no other."""
    turns = _find_turns(agreements)
    bad = {(a.first, a.second): _sigmas(a, turns) > DISAGREES_SIGMAS for a in agreements}
    outsiders: set[int] = set()
    while True:
        worst = _worst_photos({pair: b for pair, b in bad.items() if not outsiders & set(pair)})
        if not worst:
            break
        outsiders |= worst
    outsiders |= _left_of_a_minority(list(bad), outsiders)
    left = {pair for pair, is_bad in bad.items() if is_bad and not outsiders & set(pair)}
    kept = {photo: turn for photo, turn in turns.items() if photo not in outsiders}
    good = [pair for pair, is_bad in bad.items() if not is_bad and not outsiders & set(pair)]
    return Judgement(
        turns=kept,
        outsiders=frozenset(outsiders),
        bad_pairs=frozenset(left),
        upside_down=_wholly_upside_down(good, kept),
    )


def turn_view(view: View, quarter_turns: int) -> View:
    """Return the view of a picture that was turned clockwise while its attitude was left as it was.

    With the picture the camera's axes turn: what was right is down after a quarter.
    """
    roll_deg = (view.pose.roll_deg - 90.0 * quarter_turns + 180.0) % 360.0 - 180.0
    pose = replace(view.pose, roll_deg=roll_deg)
    camera = view.camera
    for _ in range(quarter_turns % QUARTER_TURNS):
        camera = _quarter_turned(camera)
    return replace(
        view, pose=pose, camera=camera, bounds=plan_bounds(camera, pose, view.above_ground_m)
    )


def _quarter_turned(camera: Camera) -> Camera:
    """Return the camera with its optics turned clockwise in a picture of the same shape."""
    middle = np.array([camera.width_px - 1, camera.height_px - 1]) / 2.0
    x, y = np.array([camera.cx, camera.cy]) - middle
    return replace(
        camera,
        fx=camera.fy,
        fy=camera.fx,
        cx=float(middle[0] - y),
        cy=float(middle[1] + x),
        distortion=camera.distortion.turned_clockwise(),
        center_sigma_px=camera.center_sigma_px[::-1],
    )


def _find_turns(agreements: Sequence[Agreement]) -> dict[int, int]:
    """Return the turns that make the pairs agree best, of the fewest photos.

    Each photo takes the turn that suits its pairs best, first whatever the other photo's turn
    (Besag 1986, "On the statistical analysis of dirty pictures", iterated conditional modes).
    A pair of which both pictures were turned alike agrees in all but where the baseline leads:
    it is twice the baseline apart.
    """
    costs: dict[int, list[tuple[int, NDArray[np.float64]]]] = {}
    for agreement in agreements:
        cost = np.minimum(agreement.sigmas, MAX_COST_SIGMAS) ** 2 / 2.0
        costs.setdefault(agreement.first, []).append((agreement.second, cost))
        costs.setdefault(agreement.second, []).append((agreement.first, cost.T))
    penalty = np.where(np.arange(QUARTER_TURNS) > 0, TURN_COST, 0.0)
    state = {
        photo: int(np.argmin(penalty + sum(cost.min(axis=1) for _, cost in pairs)))
        for photo, pairs in sorted(costs.items())
    }
    for _ in range(ROUNDS):
        before = dict(state)
        for photo, pairs in sorted(costs.items()):
            total = penalty + sum(cost[:, state[other]] for other, cost in pairs)
            state[photo] = int(np.argmin(total))
        if state == before:
            break
    return _confirmed(agreements, {photo: turn for photo, turn in state.items() if turn})


def _confirmed(agreements: Sequence[Agreement], turns: dict[int, int]) -> dict[int, int]:
    """Return the turns by which most pairs of a photo agree, and much better than before."""
    kept = {}
    for photo, turn in turns.items():
        own = [a for a in agreements if photo in (a.first, a.second)]
        agreed = [a for a in own if _sigmas(a, turns) < AGREES_SIGMAS]
        gain = sum(_cost(a.sigmas[0, 0]) - _cost(_sigmas(a, turns)) for a in own)
        if 2 * len(agreed) > len(own) and gain > LEAST_GAIN:
            kept[photo] = turn
    return kept


def _left_of_a_minority(pairs: Sequence[tuple[int, int]], outsiders: set[int]) -> frozenset[int]:
    """Return the photos of groups of which most disagree: then the rest may be the wrong ones."""
    doubted = [group for group in _groups(pairs) if 2 * len(group & outsiders) > len(group)]
    return frozenset().union(*doubted)


def _wholly_upside_down(
    good_pairs: Sequence[tuple[int, int]], turns: dict[int, int]
) -> frozenset[int]:
    """Return the photos of groups that agree among themselves and are all upside down.

    Nothing but the way between their cameras says that they were turned.
    """
    turned_all = [
        group
        for group in _groups(good_pairs)
        if all(turns.get(photo) == HALF_TURN for photo in group)
    ]
    return frozenset().union(*turned_all)


def _groups(pairs: Sequence[tuple[int, int]]) -> list[frozenset[int]]:
    """Return the photos that pairs link."""
    if not pairs:
        return []
    photos, index = np.unique(np.array(pairs), return_inverse=True)
    first, second = index.reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(first)), (first, second)), shape=(len(photos), len(photos)))
    count, group = connected_components(graph, directed=False)
    return [frozenset(map(int, photos[group == number])) for number in range(count)]


def _cost(sigmas: float) -> float:
    return float(min(sigmas, MAX_COST_SIGMAS) ** 2 / 2.0)


def _sigmas(agreement: Agreement, turns: dict[int, int]) -> float:
    turned = turns.get(agreement.first, 0), turns.get(agreement.second, 0)
    return float(agreement.sigmas[turned])


def _worst_photos(bad: dict[tuple[int, int], bool]) -> set[int]:
    """Return the photos with the most bad pairs, if at least half of theirs are bad.

    Several are returned where nothing tells which of them is wrong.
    """
    counts: dict[int, tuple[int, float]] = {}
    for photo in sorted({photo for pair in bad for photo in pair}):
        own = [is_bad for pair, is_bad in bad.items() if photo in pair]
        if 2 * sum(own) >= len(own) and any(own):
            counts[photo] = (sum(own), sum(own) / len(own))
    most = max(counts.values(), default=None)
    return {photo for photo, count in counts.items() if count == most}
