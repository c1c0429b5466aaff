"""What pasted pictures are made of: which crops go onto which backgrounds, with switches."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from datasets.errors import DatasetError
from datasets.taxonomy import CLASS_NAMES, check_label

Split = Literal["train", "val", "test"]
Share = Annotated[float, Field(ge=0, le=1)]


def _parse_inner_path(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or not text.strip():
        raise ValueError(f"{text!r} is no path inside the folder of the pictures")
    return str(path)


InnerPath = Annotated[str, AfterValidator(_parse_inner_path)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Background(_Table):
    """Real aerial pictures to paste onto.

    Attributes:
        folder: Of a source; its pictures lie in `images` and have their split in splits.csv.
        files: Pattern of the names that this entry is about.
        gsd_m: Ground size of a pixel at the upper and the lower edge of `rows`.
        rows: The part of the picture's height that shows ground near enough, from above.
        oblique: Whether up in the picture is up in the world, so that crops are not turned.
        shadow: Where the top of something 1 m high casts its shadow: metres to the right and
            down in the picture; None where the light is diffuse.
        labelled_classes: Those that are certainly not in these pictures.
        why: Where gsd_m and labelled_classes come from.
    """

    folder: InnerPath
    files: str = "*"
    gsd_m: tuple[float, float]
    rows: tuple[Share, Share] = (0.0, 1.0)
    oblique: bool = False
    shadow: tuple[float, float] | None = None
    labelled_classes: tuple[str, ...]
    why: str = Field(min_length=1)

    @property
    def structures(self) -> bool:
        """Whether structures may be pasted: not where others may stand unlabelled."""
        return "illegal_structure" in self.labelled_classes

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if not all(0.01 <= gsd <= 0.5 for gsd in self.gsd_m):
            raise ValueError(f"gsd_m {self.gsd_m}: must be from 0.01 to 0.5 m")
        if self.rows[1] - self.rows[0] < 0.2:
            raise ValueError(f"rows {self.rows}: must rise by 0.2 at least")
        unknown = sorted(set(self.labelled_classes) - set(CLASS_NAMES))
        if unknown:
            raise ValueError(f"labelled_classes {unknown}: not in the taxonomy")
        return self


class CropSource(_Table):
    """Real pictures to cut from.

    Attributes:
        folder: Of a source, or one of pictures that are in no split.
        files: Patterns of names.
        cut: `boxes`: the inside of labelled boxes, found by GrabCut; `roof`: the roof that fills
            the picture; `texture`: a ragged patch out of its middle; `patch`: a ragged patch of
            an aerial picture, with whatever it shows.
        box_class: Number of the boxes meant, in the label file.
        labels: Folder of the label files beside `folder`'s images.
        class_name: What a pasted crop is; None for a distractor.
        size_m: Smallest and largest long side on the ground.
        aspect: For boxes: smallest and largest width through height. Low heaps, seen from the
            side, come nearest to what a drone sees.
        share: Of all pastes of objects, or of distractors, as a weight.
        squeeze: For crops seen from the side: whether their height is squeezed at random.
    """

    folder: InnerPath
    files: tuple[str, ...] = ("*",)
    cut: Literal["boxes", "roof", "texture", "patch"]
    box_class: int = Field(default=0, ge=0, le=99)
    labels: Literal["labels", "labels_aux"] = "labels"
    class_name: str | None = None
    sub_class: str | None = None
    size_m: tuple[float, float]
    aspect: tuple[float, float] = (1.0, 3.0)
    share: float = Field(default=1.0, gt=0)
    squeeze: bool = False
    on: bool = True

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.class_name is not None:
            check_label(self.class_name, self.sub_class)
        if not 0.2 <= self.size_m[0] <= self.size_m[1] <= 30:
            raise ValueError(f"size_m {self.size_m}: must rise within 0.2 and 30 m")
        return self

    def takes(self, file_name: str) -> bool:
        """Return whether a picture is one of those meant."""
        return any(fnmatchcase(file_name, pattern) for pattern in self.files)


class Switches(_Table):
    """What is done to a pasted crop; each may be turned off to see what it is worth.

    Attributes:
        empty_share: Part of the pictures without an object; they have distractors all the same.
        distractors: Whether things that are no objects are pasted, too.
        match_light: Whether crops take on the background's brightness and tint.
        match_sharpness: Whether crops are as coarse as the background, which is enlarged after
            they are pasted; else they are pasted into the enlarged one.
        cast_shadows: Along the background's sun, or faintly all around where it is diffuse.
        squeeze: Whether sources that ask for it are squeezed.
        occlude_share: Part of the pastes of which something is hidden by a piece of greenery.
        cut_share: Part of the pastes that the picture's edge cuts.
        seamless_share: Part of the pastes that are blended by Poisson's equation instead of a
            soft edge.
    """

    empty_share: Share = 0.35
    distractors: bool = True
    match_light: bool = True
    match_sharpness: bool = True
    cast_shadows: bool = True
    squeeze: bool = True
    occlude_share: Share = 0.15
    cut_share: Share = 0.12
    seamless_share: Share = 0.2


class PastingPlan(_Table):
    """A set of pasted pictures.

    Attributes:
        seed: Another one gives other pictures.
        counts: Pictures of each split.
        tile_px: Side of a picture.
        enlarge: Smallest and largest factor by which backgrounds are enlarged.
        objects: Smallest and largest number of objects in a picture that is not empty.
    """

    kind: Literal["pasted"] = "pasted"
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    seed: int = Field(ge=0, le=2**31)
    counts: dict[Split, Annotated[int, Field(ge=0, le=100_000)]]
    tile_px: int = Field(default=512, ge=64, le=1280)
    enlarge: tuple[float, float] = (1.5, 2.5)
    objects: tuple[int, int] = (1, 3)
    background: tuple[Background, ...] = Field(min_length=1)
    crop: tuple[CropSource, ...] = Field(min_length=1)
    switches: Switches = Switches()

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if not 1 <= self.enlarge[0] <= self.enlarge[1] <= 4:
            raise ValueError(f"enlarge {self.enlarge}: must rise within 1 and 4")
        if not 1 <= self.objects[0] <= self.objects[1] <= 10:
            raise ValueError(f"objects {self.objects}: must rise within 1 and 10")
        return self


def parse_pasting_plan(text: str) -> PastingPlan:
    """Return the plan of a TOML text.

    Raises:
        DatasetError: It is no TOML, a key is unknown or absent, or a value is wrong.
    """
    try:
        return PastingPlan.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DatasetError(f"no readable plan for pasted pictures: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DatasetError(f"plan for pasted pictures: {place}: {first['msg']}") from error
