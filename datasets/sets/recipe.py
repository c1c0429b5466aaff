"""A recipe: the TOML file that says from which folders, labels and splits a picture set is made."""

import tomllib
from enum import StrEnum
from fnmatch import translate
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from datasets.errors import DatasetError
from datasets.formats.pascal_voc import Pixels
from datasets.labelled_picture import Origin, View
from datasets.picture_set import SPLITS, Source
from datasets.taxonomy import CLASS_NAMES, check_label

MAX_RECIPE_BYTES = 1_000_000


def _parse_inner_path(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or not text.strip():
        raise ValueError(f"{text!r} is no path inside the folder of the pictures")
    return str(path)


def _parse_project_class(name: str) -> str:
    if name not in CLASS_NAMES:
        raise ValueError(f"{name!r} is no class of the taxonomy; known are {list(CLASS_NAMES)}")
    return name


def _parse_label(text: str) -> str:
    class_name, _, sub_class = text.partition("/")
    try:
        check_label(class_name, sub_class or None)
    except DatasetError as error:
        raise ValueError(str(error)) from error
    return text


InnerPath = Annotated[str, AfterValidator(_parse_inner_path)]
ProjectClass = Annotated[str, AfterValidator(_parse_project_class)]
LabelName = Annotated[str, AfterValidator(_parse_label)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]  # is part of file names
Words = Annotated[str, Field(min_length=1)]


class LabelFormat(StrEnum):
    """How labels are written. Label Studio's are reviews and have a way of their own."""

    YOLO = "yolo"
    COCO = "coco"
    PASCAL_VOC = "pascal_voc"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SplitRule(_Table):
    """How pictures are grouped, and groups dealt to splits, where no table says it.

    Attributes:
        by: What makes two pictures of one group: they are of one site and all of these agree.
            `flight` is the picture's folder within the source, `place` a cell of `cell_m`
            metres, `time` a slot of `slot_minutes`; `site` alone keeps a site whole.
        shares: Wanted part of the *groups* in each split; they sum up to 1.
        seed: Another one deals otherwise.
    """

    by: tuple[Literal["site", "flight", "place", "time"], ...] = Field(min_length=1)
    cell_m: float = Field(default=100.0, gt=0, allow_inf_nan=False)
    slot_minutes: int = Field(default=10, ge=1, le=1440)
    shares: dict[str, Annotated[float, Field(ge=0, le=1)]]
    seed: int = 0

    @model_validator(mode="after")
    def _shares_are_whole(self) -> Self:
        unknown = sorted(set(self.shares) - set(SPLITS))
        if unknown:
            raise ValueError(f"shares name {unknown}; the splits are {list(SPLITS)}")
        if abs(sum(self.shares.values()) - 1) > 1e-9:
            raise ValueError(f"shares sum up to {sum(self.shares.values())}, not to 1")
        return self


class SourceRecipe(_Table):
    """One source: pictures that were taken, licensed and labelled alike.

    Attributes:
        pictures: Folder of the pictures, below the root that the command is told.
        include: Shell pattern on a picture's path within `pictures`.
        labels: Folder of YOLO or Pascal VOC files, or the COCO file.
        class_words: Names of YOLO's numbers, in their order; without them `classes` and
            `ignored_words` name the numbers themselves.
        classes: What each word of the labels stands for: `class` or `class/sub_class`. A
            picture with a word in neither this nor `ignored_words` is left out, nothing guessed.
        ignored_words: Words of the labels that no project class stands for.
        labelled_classes: What somebody looked for in every picture. Only for these no box
            means "not there".
        why: On which ground `labelled_classes` says so.
        keep_doubtful: Whether objects marked as difficult (Pascal VOC) or as a crowd (COCO)
            count.
        voc_pixels: How the tool that wrote Pascal VOC files counts pixels.
        without_labels: What it means that a picture has no label file: nobody looked at it
            (left out), or it was looked at and nothing was there.
        site: Sources of one site share their groups, such as the time slots of one car.
        table_folder: The source's name in the splits table, if not the folder of the pictures.
        split: How to split where the recipe has no splits table.
    """

    name: Name
    pictures: InnerPath
    include: str = "*"
    labels: InnerPath
    format: LabelFormat
    class_words: tuple[str, ...] = ()
    classes: dict[str, LabelName] = {}
    ignored_words: tuple[str, ...] = ()
    labelled_classes: tuple[ProjectClass, ...]
    why: Words
    keep_doubtful: bool = True
    voc_pixels: Pixels = Pixels.FROM_1_LAST_IN
    without_labels: Literal["left_out", "nothing_there"] = "left_out"
    address: Words
    licence: Words
    note: str = ""
    view: View
    origin: Origin = Origin.PHOTO
    gsd_m: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    site: Name | None = None
    table_folder: str | None = None
    split: SplitRule | None = None

    @model_validator(mode="after")
    def _boxes_were_looked_for(self) -> Self:
        named = {label.partition("/")[0] for label in self.classes.values()}
        odd = sorted(named - set(self.labelled_classes))
        if odd:
            raise ValueError(f"classes give {odd}, which labelled_classes does not name")
        return self

    @model_validator(mode="after")
    def _words_are_decided_once(self) -> Self:
        twice = sorted(set(self.classes) & set(self.ignored_words))
        if twice:
            raise ValueError(f"{twice} are in classes and in ignored_words")
        if self.format is LabelFormat.YOLO and not self.class_words:
            odd = [word for word in (*self.classes, *self.ignored_words) if not word.isdecimal()]
            if odd:
                raise ValueError(f"{odd} are no numbers of YOLO; name them in class_words")
        return self

    @property
    def site_name(self) -> str:
        """Return whose groups these are."""
        return self.site or self.name

    @property
    def include_pattern(self) -> str:
        """Return `include` as a regular expression."""
        return translate(self.include)

    def describe(self) -> Source:
        """Return what the picture set says of this source."""
        return Source(
            name=self.name,
            origin=self.address,
            licence=self.licence,
            note=" ".join(part for part in (self.why, self.note) if part),
        )


class Recipe(_Table):
    """What a picture set is made of; all paths are relative to a root told to the command.

    Attributes:
        splits_table: CSV with the columns image, split and group, and folder where it serves
            several sources.
    """

    name: Name
    splits_table: InnerPath | None = None
    source: tuple[SourceRecipe, ...] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _sources_are_told_apart_and_split(self) -> Self:
        names = [source.name for source in self.source]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"sources {twice} are there twice")
        for source in self.source:
            if (self.splits_table is None) == (source.split is None):
                raise ValueError(
                    f"source {source.name}: give the recipe a splits_table or each source a "
                    "[source.split], not both"
                )
        return self


def parse_recipe(text: str) -> Recipe:
    """Return the recipe in a TOML text.

    Raises:
        DatasetError: It is no TOML, or a key is absent, unknown or of a wrong value; says which.
    """
    try:
        return Recipe.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DatasetError(f"no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "recipe"
        message = first["msg"].removeprefix("Value error, ")
        raise DatasetError(f"{place}: {message}") from error


def read_recipe(path: Path) -> Recipe:
    """Return the recipe in a file.

    Raises:
        DatasetError: As `parse_recipe`, or the file cannot be read.
    """
    try:
        if path.stat().st_size > MAX_RECIPE_BYTES:
            raise DatasetError(f"{path}: larger than {MAX_RECIPE_BYTES} bytes; no recipe")
        return parse_recipe(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from error
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error
