"""Reviews from a file of either kind: our own JSON lines, or Label Studio's JSON."""

from dataclasses import dataclass
from pathlib import Path

from datasets.errors import DatasetError
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
        DatasetError: The file cannot be read, is neither, or tells less than is needed.
    """
    if path.suffix.lower() == LINES_SUFFIX:
        return ReadReviews(reviews=read_review_lines(path))
    if asked_classes is None or view is None:
        raise DatasetError(
            f"{path}: Label Studio's export does not say which classes were asked about, nor "
            "from where pictures were taken; name both, or give a .jsonl file"
        )
    project = LabelStudioProject(
        asked_classes=asked_classes, view=view, find_picture=pictures.find_with_size
    )
    try:
        reviews, unused = reviews_of_tasks(parse_tasks(_read_text(path)), project)
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error
    left_out = tuple(
        LeftOut(source="reviews", picture=one.picture, code=one.code, reason=one.reason)
        for one in unused
    )
    return ReadReviews(reviews=tuple(reviews), left_out=left_out)


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DatasetError(f"larger than {MAX_FILE_BYTES} bytes")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot be read: {error}") from error
