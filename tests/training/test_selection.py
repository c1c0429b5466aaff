from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.merging.appearance import describe_appearance
from training.errors import TrainingError
from training.selection import Candidate, ScoredBox, choose_next, uncertainty

GARBAGE, BILLBOARD = "exposed_garbage", "damaged_billboard"
THRESHOLDS = {GARBAGE: 0.4, BILLBOARD: 0.2}
SIDE_PX = 48


def make_candidate(
    name: str,
    *scores: float,
    look: Sequence[float] = (1, 0),
    group: str = "flight",
    kind: str = GARBAGE,
) -> Candidate:
    boxes = tuple(
        ScoredBox(class_name=kind, score=score, look=np.array(look, dtype=np.float32))
        for score in scores
    )
    return Candidate(name=name, group=group, boxes=boxes)


def names_of(candidates: Sequence[Candidate], count: int, **options: int) -> list[str]:
    chosen = choose_next(candidates, count=count, thresholds=THRESHOLDS, **options)
    return [choice.candidate.name for choice in chosen]


@pytest.mark.parametrize(
    ("score", "threshold", "expected"),
    [(0.2, 0.2, 1.0), (0.1, 0.2, 0.5), (0.6, 0.2, 0.5), (0.0, 0.2, 0.0), (1.0, 0.2, 0.0)],
)
def test_doubt_is_largest_at_the_threshold(score: float, threshold: float, expected: float) -> None:
    assert uncertainty(score, threshold) == pytest.approx(expected)


def test_the_most_doubtful_picture_comes_first() -> None:
    sure, doubtful = make_candidate("sure", 0.95), make_candidate("doubtful", 0.95, 0.38)
    (choice,) = choose_next([sure, doubtful], count=1, thresholds=THRESHOLDS)
    assert choice.candidate is doubtful
    assert choice.box is doubtful.boxes[1]
    assert choice.uncertainty == pytest.approx(0.95)


def test_each_class_has_its_own_threshold() -> None:
    garbage = make_candidate("garbage", 0.2)
    billboard = make_candidate("billboard", 0.2, kind=BILLBOARD)
    assert names_of([garbage, billboard], 1) == ["billboard"]


def test_a_twin_of_what_is_chosen_waits_behind_a_less_doubtful_stranger() -> None:
    first, twin = make_candidate("a", 0.4), make_candidate("b", 0.39)
    stranger = make_candidate("c", 0.8, look=(0, 1))
    assert names_of([first, twin, stranger], 3) == ["a", "c", "b"]


def test_no_group_gives_more_than_its_share() -> None:
    looks = np.eye(6)
    burst = [make_candidate(f"a{n}", 0.4, look=looks[n], group="one") for n in range(5)]
    other = make_candidate("z", 0.99, look=looks[5], group="two")
    assert names_of([*burst, other], 3, most_per_group=2) == ["a0", "a1", "z"]


def test_a_picture_without_detections_comes_after_doubts_but_before_twins() -> None:
    first, twin = make_candidate("a", 0.4), make_candidate("b", 0.4)
    assert names_of([first, twin, make_candidate("blank")], 3) == ["a", "blank", "b"]


def test_fewer_candidates_than_wanted_are_all_chosen() -> None:
    assert names_of([make_candidate("a", 0.4)], 9) == ["a"]
    assert names_of([], 9) == []


@pytest.mark.parametrize(
    ("candidates", "thresholds", "message"),
    [
        ([make_candidate("a", 0.4, kind="pothole")], THRESHOLDS, "threshold is known of pothole"),
        ([make_candidate("a", 0.4)], {GARBAGE: 1.0}, "between 0 and 1"),
        ([make_candidate("a"), make_candidate("a")], THRESHOLDS, "'a' is there twice"),
    ],
)
def test_what_cannot_be_weighed_is_refused(
    candidates: list[Candidate], thresholds: dict[str, float], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        choose_next(candidates, count=1, thresholds=thresholds)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 359), st.sampled_from("xyz")), max_size=12),
    st.integers(1, 12),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=40)
def test_a_choice_keeps_the_quota_repeats_nothing_and_ignores_the_order(
    drawn: list[tuple[float, int, str]], count: int, most: int, random: object
) -> None:
    candidates = [
        make_candidate(
            f"{number:02}",
            score,
            look=(np.cos(np.radians(turn)), np.sin(np.radians(turn))),
            group=group,
        )
        for number, (score, turn, group) in enumerate(drawn)
    ]
    chosen = names_of(candidates, count, most_per_group=most)
    mixed = list(candidates)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert names_of(mixed, count, most_per_group=most) == chosen
    assert len(set(chosen)) == len(chosen) <= count
    by_name = {candidate.name: candidate for candidate in candidates}
    for group in "xyz":
        assert sum(by_name[name].group == group for name in chosen) <= most


# A drawn set whose truth is known: what a person would answer for each picture.
KINDS = 12
DEFECTS = frozenset({0, 3, 5, 6, 9, 11})


def draw_patch(kind: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A patch of one of 12 kinds that differ in colour and shape, never twice the same."""
    hue = int(kind * 15 + rng.integers(-4, 5)) % 180
    ground = np.full((SIDE_PX, SIDE_PX, 3), (hue, 90, 120), dtype=np.uint8)
    patch = cv2.cvtColor(ground, cv2.COLOR_HSV2BGR)
    shade = tuple(int(value) for value in rng.integers(60, 200, 3))
    for _ in range(1 + kind % 4):
        x, y = (int(value) for value in rng.integers(8, 40, 2))
        if kind % 2:
            cv2.circle(patch, (x, y), 6, shade, -1)
        else:
            cv2.rectangle(patch, (x - 6, y - 2), (x + 6, y + 2), shade, -1)
    noisy = patch.astype(np.int16) + rng.integers(-8, 9, patch.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def draw_looks(kinds: Sequence[int], rng: np.random.Generator) -> NDArray[np.float32]:
    whole = (0, 0, SIDE_PX, SIDE_PX)
    return np.stack([describe_appearance(draw_patch(kind, rng), whole) for kind in kinds])


def score_looks(
    looks: NDArray[np.float32], known: NDArray[np.float32], is_defect: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return how near each look is to known defects rather than to what is known to be none."""
    to_known = np.linalg.norm(looks[:, None] - known[None], axis=2)
    to_defect, to_other = to_known[:, is_defect].min(axis=1), to_known[:, ~is_defect].min(axis=1)
    share: NDArray[np.float64] = to_other / (to_defect + to_other)
    return share


@pytest.mark.slow
def test_labelling_the_chosen_pictures_teaches_more_than_labelling_random_ones() -> None:
    rng = np.random.default_rng(5)
    # As in a city: three kinds make nine of ten pictures, the model knows only these.
    often, rare = [0, 1, 2], list(range(3, KINDS))
    kinds = [int(kind) for kind in rng.choice(often, 270)] + rare * 4
    pool, truth = draw_looks(kinds, rng), np.isin(kinds, list(DEFECTS))
    start_kinds = often * 2
    start, start_truth = draw_looks(start_kinds, rng), np.isin(start_kinds, list(DEFECTS))
    test_kinds = list(range(KINDS)) * 8
    test, test_truth = draw_looks(test_kinds, rng), np.isin(test_kinds, list(DEFECTS))

    def accuracy_after(labelled: Sequence[int]) -> float:
        known = np.concatenate([start, pool[list(labelled)]])
        answers = np.concatenate([start_truth, truth[list(labelled)]])
        return float(np.mean((score_looks(test, known, answers) > 0.5) == test_truth))

    scores = score_looks(pool, start, start_truth)
    candidates = [
        Candidate(
            name=f"{index:03}",
            group=f"flight{index % 5}",
            boxes=(ScoredBox(class_name=GARBAGE, score=float(score), look=look),),
        )
        for index, (score, look) in enumerate(zip(scores, pool, strict=True))
    ]
    chosen = choose_next(candidates, count=20, thresholds={GARBAGE: 0.5})
    ours = accuracy_after([int(choice.candidate.name) for choice in chosen])
    draws = [accuracy_after(rng.choice(len(pool), 20, replace=False)) for _ in range(100)]
    assert ours > max(draws)
