"""Reviews from a file of either kind: our own JSON lines, or Label Studio's JSON."""

from dataclasses import dataclass
from pathlib import Path

from datasets.errors import DatasetError
from datasets.formats.files import read_text
from datasets.labelled_picture import View
from datasets.reviews.json_lines import MAX_FILE_BYTES, read_review_lines
from datasets.reviews.label_studio import LabelStudioProject, reviews_of_tasks
from datasets.reviews.label_studio_tasks import parse_tasks
from datasets.reviews.picture_folder import PictureFolder
from datasets.reviews.review import PictureReview
from datasets.sets.gather import LeftOut

LINES_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReviews:
    """What a file of reviews holds, and what of it gives no review."""

    reviews: tuple[PictureReview, ...]
    left_out: tuple[LeftOut, ...] = ()


def read_reviews(
    path: Path,
    *,
    asked_classes: tuple[str, ...] | None,
    view: View | None,
    pictures: PictureFolder,
) -> ReadReviews:
    """Return the reviews in a file: `.jsonl` is our own form, all else Label Studio's JSON.

    Args:
        path: Of the file.
        asked_classes: Of the Label Studio project; our own form says it itself.
        view: Likewise.
        pictures: What the reviews are about.

    Raises:
        DatasetError: The file cannot be read, is neither, or tells less than is needed. A line
            or task that is wrong is left out instead.
    """
    left_out: list[LeftOut] = []

    def note(name: str, error: DatasetError) -> None:
        left_out.append(
            LeftOut(source="reviews", picture=name, code="not_readable", reason=str(error))
        )

    if path.suffix.lower() == LINES_SUFFIX:
        reviews = read_review_lines(path, on_trouble=note)
        return ReadReviews(reviews=reviews, left_out=tuple(left_out))
    if asked_classes is None or view is None:
        raise DatasetError(
            f"{path}: Label Studio's export does not say which classes were asked about, nor "
            "from where pictures were taken; name both, or give a .jsonl file"
        )
    project = LabelStudioProject(
        asked_classes=asked_classes, view=view, find_picture=pictures.find_with_size
    )
    text = read_text(path, max_bytes=MAX_FILE_BYTES)
    try:
        found, unused = reviews_of_tasks(parse_tasks(text, on_trouble=note), project)
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error
    left_out += [
        LeftOut(source="reviews", picture=one.picture, code=one.code, reason=one.reason)
        for one in unused
    ]
    return ReadReviews(reviews=tuple(found), left_out=tuple(left_out))
