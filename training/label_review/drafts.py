"""Doubts as drafts of reviews: JSON lines that a person edits and a set is built from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from datasets.labelled_picture import LabelledBox, LabelledPicture
from datasets.reviews.areas import Area
from datasets.reviews.review import (
    PictureReview,
    ProposedBox,
    ProposingModel,
    ReviewedBox,
    Verdict,
    area_of,
    check_review,
)
from datasets.taxonomy import CLASS_NAMES
from training.evaluation.result import FoundBox
from training.label_review.doubts import Doubt, LabelDoubt

# Coordinates are read by people.
PIXEL_DIGITS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRule:
    """How drafts are made.

    Attributes:
        reviewer: Pseudonym of who edits them.
        day: When they were drafted.
        model: That raised the doubts.
        suggest: Put the model's word where it is sure (loose boxes, missing objects) instead of
            leaving everything unsure: labels cleaned by a machine, for a trial.
    """

    reviewer: str
    day: datetime
    model: ProposingModel
    suggest: bool = False


def draft_reviews(doubts: Iterable[LabelDoubt], rule: DraftRule) -> list[PictureReview]:
    """Return one review a doubtful picture, with all its labels, the strongest doubts first.

    Labels without doubt are confirmed; what is doubtful is unsure until a person says otherwise,
    so that an unedited line teaches nothing at these places.

    Raises:
        DatasetError: A label lies outside its picture.
    """
    by_path: dict[str, list[LabelDoubt]] = {}
    for doubt in doubts:
        by_path.setdefault(doubt.picture.path, []).append(doubt)
    return [_draft(of_picture[0].picture, of_picture, rule) for of_picture in by_path.values()]


def _draft(
    picture: LabelledPicture, doubts: Sequence[LabelDoubt], rule: DraftRule
) -> PictureReview:
    doubtful = {id(doubt.labelled) for doubt in doubts if doubt.labelled is not None}
    asked = tuple(name for name in CLASS_NAMES if name in picture.labelled_classes)
    agreed = [
        _confirm(box, picture)
        for box in picture.boxes
        if id(box) not in doubtful and box.class_name in asked
    ]
    return check_review(
        PictureReview(
            picture=picture.path,
            sha256=picture.sha256,
            width_px=picture.width_px,
            height_px=picture.height_px,
            reviewer=rule.reviewer,
            reviewed_at=rule.day,
            model=rule.model,
            looked_at=Area(0, 0, picture.width_px, picture.height_px),
            asked_classes=asked,
            boxes=tuple([_judge(doubt, rule) for doubt in doubts] + agreed),
            group=picture.group,
            view=picture.view,
            gsd_m=picture.gsd_m,
        )
    )


def _confirm(box: LabelledBox, picture: LabelledPicture) -> ReviewedBox:
    final = _cut(box, picture)
    return ReviewedBox(verdict=Verdict.CONFIRMED, proposed=_propose(final), final=final)


def _judge(doubt: LabelDoubt, rule: DraftRule) -> ReviewedBox:
    """Return a doubt as a judged box, with a note that says what to do with it."""
    found = None if doubt.found is None else _as_label(doubt.found, doubt.picture)
    if doubt.labelled is None:
        if found is None or doubt.found is None:
            raise ValueError("a doubt is about a label or a detection")
        proposed = _propose(found, score=doubt.found.score)
        note = "missing? there: confirmed; not there: rejected"
        if rule.suggest:
            return ReviewedBox(verdict=Verdict.CONFIRMED, proposed=proposed, final=found, note=note)
        return ReviewedBox(verdict=Verdict.UNSURE, proposed=proposed, note=note)
    proposed = _propose(_cut(doubt.labelled, doubt.picture))
    note = f"{doubt.kind}? keep: confirmed; fix: corrected, with final; drop: rejected"
    if found is not None and doubt.found is not None:
        note += f"; the model has {found.class_name} {_corners(found)}, {doubt.found.score:.2f}"
    if rule.suggest and doubt.kind is Doubt.LOOSE and found is not None:
        return ReviewedBox(verdict=Verdict.CORRECTED, proposed=proposed, final=found, note=note)
    return ReviewedBox(verdict=Verdict.UNSURE, proposed=proposed, note=note)


def _propose(box: LabelledBox, *, score: float | None = None) -> ProposedBox:
    return ProposedBox(class_name=box.class_name, area=area_of(box), score=score)


def _as_label(found: FoundBox, picture: LabelledPicture) -> LabelledBox:
    label = LabelledBox(
        class_name=found.class_name,
        x_min=round(found.x_min, PIXEL_DIGITS),
        y_min=round(found.y_min, PIXEL_DIGITS),
        x_max=round(found.x_max, PIXEL_DIGITS),
        y_max=round(found.y_max, PIXEL_DIGITS),
    )
    return _cut(label, picture)


def _cut(box: LabelledBox, picture: LabelledPicture) -> LabelledBox:
    """Return a box without what rounding put outside the picture."""
    return LabelledBox(
        class_name=box.class_name,
        sub_class=box.sub_class,
        x_min=max(box.x_min, 0.0),
        y_min=max(box.y_min, 0.0),
        x_max=min(box.x_max, float(picture.width_px)),
        y_max=min(box.y_max, float(picture.height_px)),
    )


def _corners(box: LabelledBox) -> str:
    return f"[{box.x_min:g}, {box.y_min:g}, {box.x_max:g}, {box.y_max:g}]"
