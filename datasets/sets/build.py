"""Make a picture set: a folder that holds the pictures, their labels and where all came from."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from datasets.errors import DatasetError
from datasets.folder_lock import lock_folder
from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import (
    SET_FILE,
    UNFINISHED_FILE,
    PictureSet,
    Source,
    format_pictures,
    read_picture_set,
    stays_inside,
    write_picture_set,
    write_whole,
)
from datasets.sets.counts import Count, count_pictures
from datasets.sets.gather import Gathered, GatheredPicture, LeftOut, read_sources
from datasets.sets.recipe import Recipe
from datasets.sets.reviewed import Parts, ReviewCounts, Reviews, add_reviews
from datasets.taxonomy import TAXONOMY_VERSION

BUILD_FILE = "build.json"
VERSION_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build gave; it lies beside the set as build.json.

    Attributes:
        left_out: What is not in the set, and why.
        reviews: What reviews came to; None where there were none.
    """

    name: str
    version: str
    counts: tuple[Count, ...]
    left_out: tuple[LeftOut, ...]
    reviews: ReviewCounts | None = None


def build_picture_set(
    recipe: Recipe | None,
    *,
    root: Path,
    folder: Path,
    reviews: Reviews | None = None,
    link: bool = False,
    workers: int = 2,
) -> BuildReport:
    """Read what a recipe and reviews name, write the picture set, and return what came of it.

    The same inputs give the same bytes. A former set in `folder` is replaced.

    Args:
        recipe: What the set is made of; None for reviews alone.
        root: Folder that the recipe's paths are relative to.
        folder: Of the set; absent, empty, or holding a former set.
        reviews: What reviewers said, and where their pictures are.
        link: Point at the recipe's pictures with symbolic links; they must stay where they are.
        workers: Threads that decode pictures.

    Raises:
        DatasetError: A source, the splits table or the reviews are absent or wrong, no picture
            is left, `folder` holds something else, or another build is at work there.
        OSError: The folder cannot be written.
    """
    with lock_folder(folder):
        former = _read_former(folder)
        parts = _gather_parts(recipe, root, folder, reviews=reviews, workers=workers)
        if not parts.pictures:
            raise DatasetError(_describe_nothing(parts.left_out))
        picture_set = plan_picture_set(recipe.name if recipe else "reviews", parts, folder)
        _write_files(picture_set, parts.gathered.pictures, former=former, link=link)
        report = BuildReport(
            name=picture_set.name,
            version=picture_set.version,
            counts=tuple(count_pictures(picture_set.pictures)),
            left_out=parts.left_out,
            reviews=parts.reviews,
        )
        text = json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n"
        write_whole(folder / BUILD_FILE, text)
        (folder / UNFINISHED_FILE).unlink()
    return report


def _gather_parts(
    recipe: Recipe | None, root: Path, folder: Path, *, reviews: Reviews | None, workers: int
) -> Parts:
    """Return all that the set is put together from; reviewed pictures are written already."""
    gathered = Gathered() if recipe is None else read_sources(recipe, root, workers=workers)
    sources = () if recipe is None else tuple(source.describe() for source in recipe.source)
    parts = Parts(gathered=gathered, sources=sources)
    if reviews is None:
        return parts
    _begin(folder)
    return add_reviews(parts, reviews, folder=folder)


def plan_picture_set(name: str, parts: Parts, folder: Path) -> PictureSet:
    """Return the set of these parts, with a version that follows from all it holds."""
    return PictureSet(
        name=name,
        version=version_of(parts.sources, parts.pictures, taxonomy_version=TAXONOMY_VERSION),
        taxonomy_version=TAXONOMY_VERSION,
        sources=parts.sources,
        pictures=parts.pictures,
        folder=folder,
    )


def version_of(
    sources: Iterable[Source], pictures: Iterable[LabelledPicture], *, taxonomy_version: str
) -> str:
    """Return a version that any change of a picture, label, split or source changes."""
    told = json.dumps([asdict(source) for source in sources], ensure_ascii=False)
    text = "\n".join((taxonomy_version, told, format_pictures(pictures)))
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_DIGITS]


def _describe_nothing(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return "no picture in the sources"
    first = left_out[0]
    return (
        f"no picture is left of {len(left_out)}; the first, {first.source}/{first.picture}: "
        f"{first.code}, {first.reason}"
    )


def _read_former(folder: Path) -> tuple[LabelledPicture, ...]:
    """Return the pictures of the set that `folder` holds already; none if it's empty."""
    if not any(folder.iterdir()):
        return ()
    _check_folders_inside(folder)
    if not (folder / SET_FILE).is_file():
        if (folder / UNFINISHED_FILE).is_file():
            return ()
        raise DatasetError(f"{folder} holds something that is no picture set; name another folder")
    return read_picture_set(folder, allow_unfinished=True).pictures


def _check_folders_inside(folder: Path) -> None:
    """Pass a folder whose pictures lie in it; what is written and removed has to stay there.

    Raises:
        DatasetError: A folder of it is a link, as in a set that somebody handed on.
    """
    links = [path for path in folder.rglob("*") if path.is_symlink() and path.is_dir()]
    if links:
        raise DatasetError(f"{links[0]} is a link to a folder; name another folder for the set")


def _write_files(
    picture_set: PictureSet,
    gathered: Sequence[GatheredPicture],
    *,
    former: Sequence[LabelledPicture],
    link: bool,
) -> None:
    """Write a set's files, and remove those of a former set that it lacks."""
    _begin(picture_set.folder)
    for entry in gathered:
        _write_picture(entry, picture_set.folder, link=link)
    kept = {picture.path for picture in picture_set.pictures}
    for picture in former:
        if picture.path not in kept and stays_inside(picture.path):
            (picture_set.folder / picture.path).unlink(missing_ok=True)
    write_picture_set(picture_set)


def _begin(folder: Path) -> None:
    (folder / UNFINISHED_FILE).touch()


def _write_picture(entry: GatheredPicture, folder: Path, *, link: bool) -> None:
    target = folder / entry.picture.path
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".part")
    fresh.unlink(missing_ok=True)
    if link:
        fresh.symlink_to(entry.file.resolve())
    else:
        shutil.copyfile(entry.file, fresh)
    fresh.replace(target)  # never half a picture under its name, and never through a former link
