"""Pictures, facts and recipes for the tests of picture sets."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source
from datasets.sets.picture_facts import PictureFacts

GARBAGE = "exposed_garbage"


def draw_picture(
    path: Path,
    *,
    seed: int = 0,
    size_px: tuple[int, int] = (96, 64),
    place: tuple[float, float] | None = None,
    captured_at: str | None = None,
    orientation: int | None = None,
) -> Path:
    """Write soft blotches as a JPEG; another seed looks quite different."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 9, 3)).astype(np.uint8)
    image = Image.fromarray(coarse).resize(size_px, Image.Resampling.BICUBIC)
    exif = Image.Exif()
    if captured_at is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = captured_at
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    if place is not None:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef] = "S" if place[0] < 0 else "N"
        gps[ExifTags.GPS.GPSLatitude] = (abs(place[0]), 0.0, 0.0)
        gps[ExifTags.GPS.GPSLongitudeRef] = "W" if place[1] < 0 else "E"
        gps[ExifTags.GPS.GPSLongitude] = (abs(place[1]), 0.0, 0.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, "JPEG", exif=exif, quality=90)
    return path


def make_facts(
    *,
    sha256: str = "00",
    looks: int = 0,
    place: tuple[float, float] | None = None,
    captured_at: str | None = None,
) -> PictureFacts:
    return PictureFacts(
        sha256=sha256,
        width_px=100,
        height_px=80,
        is_turned=False,
        looks=looks,
        captured_at=captured_at,
        latitude=None if place is None else place[0],
        longitude=None if place is None else place[1],
    )


def make_box(
    x_min: float, y_min: float, x_max: float, y_max: float, class_name: str = GARBAGE
) -> LabelledBox:
    return LabelledBox(class_name=class_name, x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)


def make_picture(
    name: str = "a.jpg",
    *,
    split: str = "train",
    group: str | None = None,
    boxes: Iterable[LabelledBox] = (),
    labelled_classes: tuple[str, ...] = (GARBAGE,),
    sha256: str = "00",
    place: tuple[float, float] | None = None,
    captured_at: str | None = None,
) -> LabelledPicture:
    return LabelledPicture(
        path=f"images/bins/{name}",
        sha256=sha256,
        width_px=100,
        height_px=80,
        boxes=tuple(boxes),
        labelled_classes=labelled_classes,
        source="bins",
        group=group or f"bins/{name}",
        split=split,
        view=View.STREET,
        captured_at=captured_at,
        latitude=None if place is None else place[0],
        longitude=None if place is None else place[1],
    )


def make_set(pictures: Iterable[LabelledPicture], folder: Path = Path("nowhere")) -> PictureSet:
    return PictureSet(
        name="test",
        version="1",
        taxonomy_version="1",
        sources=(Source(name="bins", origin="drawn", licence="CC0 1.0"),),
        pictures=tuple(pictures),
        folder=folder,
    )


SPLIT_BY_FLIGHT = """
[source.split]
by = ["flight"]
shares = { train = 0.6, val = 0.2, test = 0.2 }
"""


def write_recipe_text(*, source_lines: str = "", head_lines: str = "", split: str = "") -> str:
    """Return a recipe with one source `bins` of YOLO labels; `split` follows the source."""
    return f"""
name = "street"
{head_lines}
[[source]]
name = "bins"
pictures = "bins/images"
labels = "bins/labels"
format = "yolo"
class_words = ["garbage", "bin"]
classes = {{ garbage = "exposed_garbage" }}
ignored_words = ["bin"]
labelled_classes = ["exposed_garbage"]
why = "the publisher's words are garbage and bin"
address = "drawn by the test"
licence = "CC0 1.0"
view = "street"
{source_lines}
{split}
"""
