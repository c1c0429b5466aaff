"""From reviews to labels: what was looked at becomes a training picture, and nothing else."""

from collections.abc import Iterable, Sequence

from datasets.errors import DatasetError
from datasets.formats.labels import OnTrouble
from datasets.labelled_picture import LabelledBox
from datasets.reviews.areas import Area
from datasets.reviews.labels import AreaLabels, Disagreement, ReviewLabels
from datasets.reviews.review import MIN_PART_SEEN, PictureReview, area_of
from datasets.reviews.settle import Settled, settle_reviews
from datasets.taxonomy import CLASS_NAMES


def labels_from_reviews(
    reviews: Iterable[PictureReview], *, on_trouble: OnTrouble | None = None
) -> ReviewLabels:
    """Return the labels that reviews give, by picture.

    Confirmed, corrected and added boxes are objects. Rejected ones are hard negatives: the place
    is shown, and known to hold nothing of that class. Unsure ones, and those that reviewers
    disagree on, are ignored. Only what was looked at becomes a picture, and only classes that
    were asked about are labelled.

    Args:
        reviews: Checked ones; those of one picture in any order but for equal times, where the
            last counts as the newest.
        on_trouble: Told of each picture that is left out because its reviews contradict each
            other; without it the first such one ends all.

    Raises:
        DatasetError: Reviews of one picture tell of different files.
    """
    by_picture: dict[str, list[PictureReview]] = {}
    for review in reviews:
        by_picture.setdefault(review.picture, []).append(review)
    areas: list[AreaLabels] = []
    disagreements: list[Disagreement] = []
    for picture in sorted(by_picture):
        oldest_first = sorted(by_picture[picture], key=lambda review: review.reviewed_at)
        try:
            _check_one_file(oldest_first)
        except DatasetError as error:
            if on_trouble is None:
                raise
            on_trouble(picture, error)
            continue
        settled = settle_reviews(oldest_first)
        disagreements += settled.disagreements
        areas += [
            _label_area(area, oldest_first, settled) for area in _outermost_areas(oldest_first)
        ]
    return ReviewLabels(areas=tuple(areas), disagreements=tuple(disagreements))


def _check_one_file(reviews: Sequence[PictureReview]) -> None:
    sizes = {(review.width_px, review.height_px, review.view) for review in reviews}
    hashes = {review.sha256 for review in reviews} - {None}
    if len(sizes) > 1 or len(hashes) > 1:
        raise DatasetError(
            f"{reviews[0].picture!r}: its reviews tell of different sizes, views or SHA-256; "
            "one path has to stand for one picture"
        )


def _outermost_areas(reviews: Sequence[PictureReview]) -> list[Area]:
    """Return what was looked at, without what lies in another area that was looked at."""
    areas = sorted({review.looked_at for review in reviews})
    return [
        area for area in areas if not any(other != area and other.contains(area) for other in areas)
    ]


def _label_area(area: Area, oldest_first: Sequence[PictureReview], settled: Settled) -> AreaLabels:
    newest = oldest_first[-1]
    asked = {
        name
        for review in oldest_first
        if review.looked_at.contains(area)
        for name in review.asked_classes
    }
    boxes, slivers = _cut_boxes(settled.boxes, area, asked)
    hard_negatives, _ = _cut_boxes(settled.rejected, area, asked)
    unknown = [place.cut(area) for class_name, place in settled.unknown if class_name in asked]
    return AreaLabels(
        picture=newest.picture,
        sha256=next((one.sha256 for one in oldest_first if one.sha256 is not None), None),
        width_px=newest.width_px,
        height_px=newest.height_px,
        group=newest.group,
        view=newest.view,
        gsd_m=newest.gsd_m,
        area=area,
        labelled_classes=tuple(name for name in CLASS_NAMES if name in asked),
        boxes=boxes,
        hard_negatives=hard_negatives,
        ignored=tuple(sorted({*slivers, *(place for place in unknown if place.size_px2)})),
    )


def _cut_boxes(
    boxes: Iterable[LabelledBox], area: Area, asked: set[str]
) -> tuple[tuple[LabelledBox, ...], tuple[Area, ...]]:
    """Return the boxes of an area cut at its edges, and what is left of those mostly outside."""
    inside: list[LabelledBox] = []
    slivers: list[Area] = []
    for box in boxes:
        part = area_of(box).cut(area)
        if box.class_name not in asked or not part.size_px2:
            continue
        if area_of(box).part_in(area) < MIN_PART_SEEN:
            slivers.append(part)  # too little to learn the object from, but no background
            continue
        inside.append(
            LabelledBox(
                class_name=box.class_name,
                sub_class=box.sub_class,
                x_min=part.x_min,
                y_min=part.y_min,
                x_max=part.x_max,
                y_max=part.y_max,
            )
        )
    return tuple(inside), tuple(slivers)
