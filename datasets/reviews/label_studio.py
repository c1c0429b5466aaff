"""Label Studio's annotations as reviews: each region with the verdict that shares its id."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from datasets.errors import DatasetError
from datasets.formats.label_studio import RECTANGLE_TYPE, Rectangle, parse_rectangle
from datasets.labelled_picture import LabelledBox, View
from datasets.reviews.areas import Area
from datasets.reviews.label_studio_tasks import Annotation, Prediction, Task
from datasets.reviews.review import (
    PictureReview,
    ProposedBox,
    ProposingModel,
    ReviewedBox,
    Verdict,
    area_of,
    check_review,
)
from datasets.taxonomy import find_class_name

VERDICT_TYPE = "choices"
VERDICT_WORDS = {
    **dict.fromkeys(("confirm", "confirmed", "correct", "yes"), Verdict.CONFIRMED),
    **dict.fromkeys(("reject", "rejected", "wrong", "no"), Verdict.REJECTED),
    **dict.fromkeys(("unsure", "uncertain", "maybe"), Verdict.UNSURE),
}
UNTOUCHED = "prediction"  # the `origin` of a region that came from a prediction and was not moved
UNKNOWN_GROUP = "unknown"  # pictures of unknown flights share one split


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPicture:
    """A picture that a task means."""

    path: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelStudioProject:
    """What no task tells.

    Attributes:
        asked_classes: The labels of the project as classes of the taxonomy.
        view: From where its pictures were taken.
        find_picture: Returns the picture that a path or file name means, None if none does.
    """

    asked_classes: tuple[str, ...]
    view: View
    find_picture: Callable[[str], FoundPicture | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedAnnotation:
    """Work that gives no review.

    Attributes:
        code: skipped, picture_not_found or not_readable.
    """

    picture: str
    code: str
    reason: str


def reviews_of_tasks(
    tasks: Sequence[Task], project: LabelStudioProject
) -> tuple[list[PictureReview], list[UnusedAnnotation]]:
    """Return the reviews in tasks, and the annotations that give none.

    A task's picture is `data.picture`, or else the file name in `data.image`; `data.group`,
    `data.looked_at` (pixels) and `data.asked_classes` are taken where they are. A region that a
    reviewer left as it was counts as confirmed if the annotation has no verdicts at all, and as
    unsure if others have one. A proposal that the reviewer deleted counts as rejected.
    """
    reviews: list[PictureReview] = []
    unused: list[UnusedAnnotation] = []
    for task in tasks:
        reference = _picture_reference(task)
        for annotation in task.annotations:
            if annotation.was_cancelled:
                reason = "the reviewer skipped it"
                unused.append(UnusedAnnotation(picture=reference, code="skipped", reason=reason))
                continue
            picture = project.find_picture(reference)
            if picture is None:
                reason = "no picture, or several, in the folder are called so"
                code = "picture_not_found"
                unused.append(UnusedAnnotation(picture=reference, code=code, reason=reason))
                continue
            try:
                reviews.append(_review_of(annotation, task, picture, project))
            except DatasetError as error:
                code = "not_readable"
                unused.append(UnusedAnnotation(picture=reference, code=code, reason=str(error)))
    return reviews, unused


def _review_of(
    annotation: Annotation, task: Task, picture: FoundPicture, project: LabelStudioProject
) -> PictureReview:
    prediction = task.find_prediction(annotation)
    proposals = {one.region_id: one for one in _rectangles(prediction.result if prediction else ())}
    return check_review(
        PictureReview(
            picture=picture.path,
            sha256=None,
            width_px=picture.width_px,
            height_px=picture.height_px,
            reviewer=annotation.reviewer,
            reviewed_at=annotation.time.astimezone(UTC),
            model=_model_of(prediction),
            looked_at=_looked_at(task, picture),
            asked_classes=_asked_classes(task) or project.asked_classes,
            boxes=tuple(_judge_regions(annotation, proposals, picture)),
            group=_group_of(task, picture),
            view=project.view,
        )
    )


def _judge_regions(
    annotation: Annotation, proposals: Mapping[str, Rectangle], picture: FoundPicture
) -> Iterator[ReviewedBox]:
    verdicts = dict(_verdicts(annotation.result))
    regions = list(_rectangles(annotation.result))
    untouched = {str(one.get("id")) for one in annotation.result if one.get("origin") == UNTOUCHED}
    drawn = {region.region_id for region in regions}
    # One without a region is of the whole picture: it goes for all that was proposed there.
    general = next((verdict for id_, verdict in verdicts.items() if id_ not in drawn), None)
    fallback = general or (Verdict.UNSURE if verdicts else Verdict.CONFIRMED)
    for region in regions:
        _check_size(region, picture)
        proposed = proposals.get(region.region_id)
        if proposed is None and region.region_id in untouched:
            proposed = region  # the file lacks the prediction, but says that this is it
        verdict = verdicts.get(region.region_id)
        if proposed is None:
            yield _judge_drawn(region, verdict)
        else:
            yield _judge_proposed(region, proposed, verdict or fallback)
    for region_id, proposed in proposals.items():
        if region_id not in drawn:
            yield ReviewedBox(
                verdict=Verdict.REJECTED, proposed=_proposed_box(proposed), note="deleted"
            )


def _judge_drawn(region: Rectangle, verdict: Verdict | None) -> ReviewedBox:
    """Return what a region says that no known proposal has: a person drew it."""
    if verdict in (Verdict.REJECTED, Verdict.UNSURE):
        return ReviewedBox(verdict=verdict, proposed=_proposed_box(region))
    return ReviewedBox(verdict=Verdict.ADDED, final=_final_box(region))


def _judge_proposed(region: Rectangle, proposed: Rectangle, verdict: Verdict) -> ReviewedBox:
    if verdict is not Verdict.CONFIRMED:
        return ReviewedBox(verdict=verdict, proposed=_proposed_box(proposed))
    before, after = _proposed_box(proposed), _final_box(region)
    unchanged = (before.class_name, before.area) == (after.class_name, area_of(after))
    return ReviewedBox(
        verdict=Verdict.CONFIRMED if unchanged else Verdict.CORRECTED,
        proposed=before,
        final=after,
    )


def _rectangles(results: Sequence[Mapping[str, object]]) -> Iterator[Rectangle]:
    return (parse_rectangle(result) for result in results if result.get("type") == RECTANGLE_TYPE)


def _verdicts(results: Sequence[Mapping[str, object]]) -> Iterator[tuple[str, Verdict]]:
    """Yield region and verdict; other choices, such as the weather, are passed over."""
    for result in results:
        value = result.get("value")
        if result.get("type") != VERDICT_TYPE or not isinstance(value, Mapping):
            continue
        choices = value.get("choices")
        words = choices if isinstance(choices, list) else []
        for word in words:
            if str(word).casefold() in VERDICT_WORDS:
                yield str(result.get("id")), VERDICT_WORDS[str(word).casefold()]


def _final_box(region: Rectangle) -> LabelledBox:
    class_name, sub_class = _find_class(region.word)
    return LabelledBox(
        class_name=class_name,
        sub_class=sub_class,
        x_min=region.x_min,
        y_min=region.y_min,
        x_max=region.x_max,
        y_max=region.y_max,
    )


def _proposed_box(region: Rectangle) -> ProposedBox:
    area = Area(region.x_min, region.y_min, region.x_max, region.y_max)
    return ProposedBox(class_name=_find_class(region.word)[0], area=area, score=region.score)


def _find_class(word: str) -> tuple[str, str | None]:
    """Return class and sub-class of a label such as `exposed_garbage` or `exposed_garbage/pile`."""
    name, _, sub_class = word.partition("/")
    class_name = find_class_name(name)
    if class_name is None:
        raise DatasetError(f"label {word!r} is no class of the taxonomy")
    return class_name, sub_class or None


def _check_size(region: Rectangle, picture: FoundPicture) -> None:
    if (region.width_px, region.height_px) != (picture.width_px, picture.height_px):
        raise DatasetError(
            f"was reviewed at {region.width_px} x {region.height_px} px, but the file has "
            f"{picture.width_px} x {picture.height_px}: another picture of this name"
        )


def _model_of(prediction: Prediction | None) -> ProposingModel | None:
    """Return the model whose id was imported as `model_version`, such as patrol-n-0.3.0."""
    if prediction is None or not prediction.model_version:
        return None
    name, _, version = prediction.model_version.rpartition("-")
    if not name:
        return ProposingModel(name=version, version=None)
    return ProposingModel(name=name, version=version)


def _picture_reference(task: Task) -> str:
    """Return the path or file name of a task's picture."""
    if isinstance(picture := task.data.get("picture"), str):
        return picture
    image = str(task.data.get("image", ""))
    try:
        address = urlsplit(image)
    except ValueError:  # such as of `http://[`; no picture will be called so
        return image
    local = parse_qs(address.query).get("d")  # of Label Studio's own /data/local-files/?d=
    return local[0] if local else PurePosixPath(unquote(address.path)).name


def _looked_at(task: Task, picture: FoundPicture) -> Area:
    given = task.data.get("looked_at")
    if given is None:
        return Area(0, 0, picture.width_px, picture.height_px)
    if isinstance(given, list) and len(given) == 4 and all(isinstance(n, int) for n in given):
        return Area(*given)
    raise DatasetError(f"looked_at {given!r} is not four whole numbers")


def _asked_classes(task: Task) -> tuple[str, ...] | None:
    given = task.data.get("asked_classes")
    return tuple(map(str, given)) if isinstance(given, list) else None


def _group_of(task: Task, picture: FoundPicture) -> str:
    given = task.data.get("group")
    if isinstance(given, str) and given:
        return given
    folders = (picture.path, str(task.data.get("frame_id", "")))
    parents = (PurePosixPath(folder).parent.as_posix() for folder in folders)
    return next((parent for parent in parents if parent not in ("", ".")), UNKNOWN_GROUP)
