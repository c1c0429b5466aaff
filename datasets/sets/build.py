"""Make a picture set: a folder that holds the pictures, their labels and where all came from."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import (
    SET_FILE,
    PictureSet,
    Source,
    format_pictures,
    read_picture_set,
    write_picture_set,
)
from datasets.sets.counts import Count, count_pictures
from datasets.sets.gather import Gathered, GatheredPicture, LeftOut, read_sources
from datasets.sets.recipe import Recipe
from datasets.taxonomy import TAXONOMY_FILE

BUILD_FILE = "build.json"
VERSION_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build gave; it lies beside the set as build.json."""

    name: str
    version: str
    counts: tuple[Count, ...]
    left_out: tuple[LeftOut, ...]


def build_picture_set(
    recipe: Recipe, *, root: Path, folder: Path, link: bool = False, workers: int = 2
) -> BuildReport:
    """Read what a recipe names, write the picture set, and return what came of it.

    The same inputs give the same bytes. A former set in `folder` is replaced.

    Args:
        recipe: What the set is made of.
        root: Folder that the recipe's paths are relative to.
        folder: Of the set; absent, empty, or holding a former set.
        link: Point at the pictures with symbolic links; they must stay where they are.
        workers: Threads that decode pictures.

    Raises:
        DatasetError: A source or the splits table is absent, or `folder` holds something else.
        OSError: The folder cannot be written.
    """
    former = _read_former(folder)
    gathered = read_sources(recipe, root, workers=workers)
    return write_gathered(recipe, gathered, folder=folder, former=former, link=link)


def plan_picture_set(
    recipe: Recipe, pictures: Sequence[LabelledPicture], folder: Path
) -> PictureSet:
    """Return the set of these pictures, with a version that follows from all it holds."""
    taxonomy_version = str(json.loads(TAXONOMY_FILE.read_text(encoding="utf-8"))["version"])
    sources = tuple(source.describe() for source in recipe.source)
    return PictureSet(
        name=recipe.name,
        version=version_of(sources, pictures, taxonomy_version=taxonomy_version),
        taxonomy_version=taxonomy_version,
        sources=sources,
        pictures=tuple(pictures),
        folder=folder,
    )


def version_of(
    sources: Iterable[Source], pictures: Iterable[LabelledPicture], *, taxonomy_version: str
) -> str:
    """Return a version that any change of a picture, label, split or source changes."""
    told = json.dumps([asdict(source) for source in sources], ensure_ascii=False)
    text = "\n".join((taxonomy_version, told, format_pictures(pictures)))
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_DIGITS]


def write_gathered(
    recipe: Recipe,
    gathered: Gathered,
    *,
    folder: Path,
    former: Sequence[LabelledPicture],
    link: bool,
) -> BuildReport:
    """Write gathered pictures as a set, remove former pictures that it lacks, and report."""
    picture_set = plan_picture_set(recipe, [entry.picture for entry in gathered.pictures], folder)
    for entry in gathered.pictures:
        _write_picture(entry, folder, link=link)
    kept = {picture.path for picture in picture_set.pictures}
    for picture in former:
        if picture.path not in kept and _is_inside(picture.path):
            (folder / picture.path).unlink(missing_ok=True)
    report = BuildReport(
        name=picture_set.name,
        version=picture_set.version,
        counts=tuple(count_pictures(picture_set.pictures)),
        left_out=gathered.left_out,
    )
    write_picture_set(picture_set)
    text = json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n"
    (folder / BUILD_FILE).write_text(text, encoding="utf-8")
    return report


def _read_former(folder: Path) -> tuple[LabelledPicture, ...]:
    """Return the pictures of the set that `folder` holds already; none if it's absent or empty."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return ()
    if not (folder / SET_FILE).is_file():
        raise DatasetError(f"{folder} holds something that is no picture set; name another folder")
    return read_picture_set(folder).pictures


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


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts
