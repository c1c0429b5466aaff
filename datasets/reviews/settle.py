"""What several reviews of one picture agree on, and what they do not.

A reviewer's later word replaces the earlier one wherever the later review saw the place and was
asked about the class. Two reviewers agree on an object when their boxes of one class overlap by
an IoU of `MIN_IOU`; who saw the place, was asked and has no such box is against it, whether the
box was rejected or merely not drawn. Who was unsure there is neither for nor against.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from datasets.labelled_picture import LabelledBox
from datasets.reviews.areas import Area
from datasets.reviews.labels import Disagreement
from datasets.reviews.review import PictureReview, Verdict, area_of

MIN_IOU = 0.5  # the one that scores are counted with


@dataclass(frozen=True, slots=True)
class Settled:
    """What is known of one picture after all its reviews.

    Attributes:
        boxes: Everybody who saw the place agrees; the newest geometry.
        rejected: Proposals that nobody wants.
        unknown: Class and place of what nobody was sure of, or reviewers disagree on.
    """

    boxes: tuple[LabelledBox, ...]
    rejected: tuple[LabelledBox, ...]
    unknown: tuple[tuple[str, Area], ...]
    disagreements: tuple[Disagreement, ...]


@dataclass(slots=True)
class _Claim:
    """One object by the word of those who drew or confirmed it; the newest box comes first."""

    boxes: list[LabelledBox]
    reviewers: list[str] = field(default_factory=list)

    @property
    def area(self) -> Area:
        return area_of(self.boxes[0])

    @property
    def class_name(self) -> str:
        return self.boxes[0].class_name


def settle_reviews(reviews: Sequence[PictureReview]) -> Settled:
    """Return what reviews of one picture come to.

    Args:
        reviews: The oldest first; of equally old ones the last counts as the newest.
    """
    newest_first = reviews[::-1]
    claims = _collect_claims(newest_first)
    against = [_list_opponents(claim, newest_first) for claim in claims]
    agreed = [claim for claim, opponents in zip(claims, against, strict=True) if not opponents]
    disagreements = [
        _describe(claim, opponents, picture=reviews[0].picture)
        for claim, opponents in zip(claims, against, strict=True)
        if opponents
    ]
    rejected = _collect_rejected(newest_first, claims)
    unsure = _collect_unsure(newest_first, settled=[claim.boxes[0] for claim in agreed] + rejected)
    return Settled(
        boxes=tuple(sorted((claim.boxes[0] for claim in agreed), key=_order)),
        rejected=tuple(sorted(rejected, key=_order)),
        unknown=tuple(sorted({*unsure, *((one.class_name, one.area) for one in disagreements)})),
        disagreements=tuple(sorted(disagreements, key=lambda one: (one.class_name, one.area))),
    )


def _speaks(
    review: PictureReview, area: Area, class_name: str, newest_first: Sequence[PictureReview]
) -> bool:
    """Return whether this is its reviewer's last word on a class at a place."""
    last = next(
        (
            one
            for one in newest_first
            if one.reviewer == review.reviewer and one.saw(area, class_name)
        ),
        None,
    )
    return last is review


def _collect_claims(newest_first: Sequence[PictureReview]) -> list[_Claim]:
    claims: list[_Claim] = []
    for review in newest_first:
        earlier = list(claims)  # two boxes of one review are two objects, however they overlap
        for box in _final_boxes(review):
            area = area_of(box)
            if not _speaks(review, area, box.class_name, newest_first):
                continue
            same = [
                claim
                for claim in earlier
                if review.reviewer not in claim.reviewers and _is_same(claim.boxes[0], box)
            ]
            if same:
                claim = max(same, key=lambda claim: claim.area.iou(area))
                claim.boxes.append(box)
                claim.reviewers.append(review.reviewer)
            else:
                claims.append(_Claim([box], [review.reviewer]))
    return claims


def _list_opponents(claim: _Claim, newest_first: Sequence[PictureReview]) -> tuple[str, ...]:
    """Return who saw the place of a claim, was asked, and wants no such box there."""
    area, class_name = claim.area, claim.class_name
    return tuple(
        sorted(
            review.reviewer
            for review in newest_first
            if review.reviewer not in claim.reviewers
            and _speaks(review, area, class_name, newest_first)
            and not any(
                _is_same(unsure, claim.boxes[0])
                for unsure in _proposed_boxes(review, Verdict.UNSURE)
            )
        )
    )


def _collect_rejected(
    newest_first: Sequence[PictureReview], claims: Sequence[_Claim]
) -> list[LabelledBox]:
    rejected: list[LabelledBox] = []
    for box in _last_words(newest_first, Verdict.REJECTED):
        wanted = any(_is_same(box, claim.boxes[0]) for claim in claims)
        if not wanted and not any(_is_same(box, other) for other in rejected):
            rejected.append(box)
    return rejected


def _collect_unsure(
    newest_first: Sequence[PictureReview], *, settled: Sequence[LabelledBox]
) -> list[tuple[str, Area]]:
    """Return what was unsure and stayed so: no other reviewer took a side."""
    return [
        (box.class_name, area_of(box))
        for box in _last_words(newest_first, Verdict.UNSURE)
        if not any(_is_same(box, other) for other in settled)
    ]


def _last_words(newest_first: Sequence[PictureReview], verdict: Verdict) -> Iterator[LabelledBox]:
    for review in newest_first:
        for box in _proposed_boxes(review, verdict):
            if _speaks(review, area_of(box), box.class_name, newest_first):
                yield box


def _final_boxes(review: PictureReview) -> Iterator[LabelledBox]:
    return (box.final for box in review.boxes if box.final is not None)


def _proposed_boxes(review: PictureReview, verdict: Verdict) -> Iterator[LabelledBox]:
    for box in review.boxes:
        if box.verdict is verdict and box.proposed is not None:
            area = box.proposed.area
            yield LabelledBox(
                class_name=box.proposed.class_name,
                x_min=area.x_min,
                y_min=area.y_min,
                x_max=area.x_max,
                y_max=area.y_max,
            )


def _is_same(one: LabelledBox, other: LabelledBox) -> bool:
    return one.class_name == other.class_name and area_of(one).iou(area_of(other)) >= MIN_IOU


def _describe(claim: _Claim, opponents: tuple[str, ...], *, picture: str) -> Disagreement:
    return Disagreement(
        picture=picture,
        class_name=claim.class_name,
        # All that any of them drew: the others may be right about the outline.
        area=Area.around(area_of(box) for box in claim.boxes),
        reviewers_for=tuple(sorted(claim.reviewers)),
        reviewers_against=opponents,
    )


def _order(box: LabelledBox) -> tuple[str, Area, str]:
    return box.class_name, area_of(box), box.sub_class or ""
