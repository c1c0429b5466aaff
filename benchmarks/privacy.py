"""Share of faces and plates that end up hidden, by size, beside OpenCV's Haar cascades.

The labels lie in `privacy_labels.json`, the pictures do not; they are looked for by their
SHA-256 under `--pictures`.

    python -m benchmarks.privacy [--pictures ../shared] [--limit N] [--cache FILE]

See docs/privacy.md for what is labelled and what the figures mean.
"""

import argparse
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from inference.boxes import Box, area_px, shared_area_px
from models.detector import Image
from service.privacy.blur import pad_box
from service.privacy.faces import read_face_finder
from service.privacy.plates import read_plate_finder
from service.privacy.privacy_filter import (
    MIN_FACE_SCORE,
    MIN_PLATE_SCORE,
    PrivateKind,
    find_all,
)

LABELS = Path(__file__).with_name("privacy_labels.json")
# So much of a labelled box must be blurred for it to count as hidden.
HIDDEN_RATIO = 0.7
# A find that lies on a label, or on what nobody could tell, by so much of itself is no false alarm.
RIGHT_RATIO = 0.2
# Larger than so many labelled areas, a blurred patch would hide by chance.
MOST_AREAS = 16.0
HEIGHT_CLASSES_PX = ((0, 8), (8, 16), (16, 32), (32, 10_000))
Finder = Callable[[Image], list[tuple[Box, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """An object that somebody saw; `unsure` ones are neither counted as missed nor as wrong."""

    kind: PrivateKind
    box_px: Box
    printed: bool
    unsure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPicture:
    """A picture's labels; a kind of which it has none was not looked for in it."""

    sha256: str
    width_px: int
    height_px: int
    labels: tuple[Label, ...]


def read_labels(path: Path) -> list[LabelledPicture]:
    """Return the committed labels."""
    return [
        LabelledPicture(
            sha256=picture["sha256"],
            width_px=picture["width_px"],
            height_px=picture["height_px"],
            labels=tuple(
                Label(
                    kind=PrivateKind(label["kind"]),
                    box_px=(*label["box_px"],),
                    printed=label["printed"],
                    unsure=label["unsure"],
                )
                for label in picture["objects"]
            ),
        )
        for picture in json.loads(path.read_text(encoding="utf-8"))["pictures"]
    ]


def wilson_interval(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference"
    (1927), as in Brown, Cai, DasGupta (2001), equation 4.
    """
    if not count:
        return 0.0, 1.0
    z = 1.959964
    share = hits / count
    middle = share + z * z / (2 * count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    whole = 1 + z * z / count
    return float((middle - half) / whole), float((middle + half) / whole)


def is_hidden(label: Box, found: Iterable[Box], *, width_px: int, height_px: int) -> bool:
    """Return whether one padded find covers enough of a labelled box."""
    for box in found:
        hidden = pad_box(box, width_px=width_px, height_px=height_px)
        if shared_area_px(label, hidden) >= HIDDEN_RATIO * area_px(label):
            # A label of a few pixels is padded by whole ones: it gets some more room.
            room = (label[2] - label[0] + 6) * (label[3] - label[1] + 6)
            if area_px(hidden) <= MOST_AREAS * room:
                return True
    return False


def is_right(found: Box, labels: Iterable[Box]) -> bool:
    """Return whether a find shows something that was labelled."""
    return any(shared_area_px(found, label) >= RIGHT_RATIO * area_px(found) for label in labels)


def height_class(label: Label) -> str:
    """Return the name of a label's size."""
    height_px = label.box_px[3] - label.box_px[1]
    low, high = next(c for c in HEIGHT_CLASSES_PX if c[0] <= height_px < c[1])
    return (
        f"under {high} px" if not low else f"{low} to {high} px" if high < 999 else f"{low} px on"
    )


@dataclass
class Score:
    """Counts of one finder for one kind."""

    hidden: dict[str, int]
    count: dict[str, int]
    right: int = 0
    wrong: int = 0
    seconds: float = 0.0
    megapixels: float = 0.0


def score_finder(
    kind: PrivateKind,
    pictures: Sequence[LabelledPicture],
    finds: dict[str, tuple[list[tuple[Box, float]], float]],
    *,
    min_score: float,
) -> Score:
    """Return the counts over all pictures that are labelled for a kind."""
    score = Score(hidden=defaultdict(int), count=defaultdict(int))
    for picture in pictures:
        labels = [label for label in picture.labels if label.kind is kind]
        if not labels or picture.sha256 not in finds:
            continue
        found, seconds = finds[picture.sha256]
        boxes = [box for box, value in found if value >= min_score]
        score.seconds += seconds
        score.megapixels += picture.width_px * picture.height_px / 1e6
        for label in labels:
            if label.unsure:
                continue
            hidden = is_hidden(
                label.box_px, boxes, width_px=picture.width_px, height_px=picture.height_px
            )
            groups = ("printed",) if label.printed else ("all", height_class(label))
            for group in groups:
                score.count[group] += 1
                score.hidden[group] += hidden
        for box in boxes:
            right = is_right(box, [label.box_px for label in labels])
            score.right += right
            score.wrong += not right
    return score


def network_finder(kind: PrivateKind) -> Finder:
    """Return our search with a low floor, so that several thresholds can be printed."""
    finder = read_face_finder() if kind is PrivateKind.FACE else read_plate_finder()

    def find(picture: Image) -> list[tuple[Box, float]]:
        found = find_all(picture, finder, min_score=0.1)
        return [
            ((float(b[0]), float(b[1]), float(b[2]), float(b[3])), float(s))
            for b, s in zip(found.boxes, found.scores, strict=True)
        ]

    return find


def haar_finder(kind: PrivateKind) -> Finder:
    """Return OpenCV's cascade of a kind with the settings of its own examples."""
    name = (
        "haarcascade_frontalface_default.xml"
        if kind is PrivateKind.FACE
        else "haarcascade_russian_plate_number.xml"
    )
    cascade = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / name))

    def find(picture: Image) -> list[tuple[Box, float]]:
        grey = cv2.equalizeHist(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
        rows = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=3)
        return [((float(x), float(y), float(x + w), float(y + h)), 1.0) for x, y, w, h in rows]

    return find


def find_pictures(folder: Path, wanted: set[str]) -> dict[str, Path]:
    """Return the files of a folder that have a wanted SHA-256."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"} and path.is_file():
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if sha256 in wanted:
                found[sha256] = path
    return found


def run_finders(
    pictures: Sequence[LabelledPicture], paths: dict[str, Path], cache: Path | None
) -> dict[str, dict[str, tuple[list[tuple[Box, float]], float]]]:
    """Return each finder's finds and seconds by picture; a cache lets a broken run go on."""
    finds: dict[str, dict[str, tuple[list[tuple[Box, float]], float]]] = defaultdict(dict)
    if cache is not None and cache.is_file():
        for line in cache.read_text(encoding="utf-8").splitlines():
            name, sha256, boxes, seconds = json.loads(line)
            finds[name][sha256] = ([((*box,), value) for box, value in boxes], seconds)
    finders = {
        f"{maker} {kind}": make(kind)
        for kind in PrivateKind
        for maker, make in (("ours", network_finder), ("haar", haar_finder))
    }
    for picture in pictures:
        if picture.sha256 not in paths:
            continue
        pixels = np.asarray(cv2.imread(str(paths[picture.sha256])), dtype=np.uint8)
        kinds = {label.kind for label in picture.labels}
        for name, finder in finders.items():
            if picture.sha256 in finds[name] or name.split()[1] not in kinds:
                continue
            started = time.perf_counter()
            boxes = finder(pixels)
            seconds = time.perf_counter() - started
            finds[name][picture.sha256] = (boxes, seconds)
            if cache is not None:
                with cache.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([name, picture.sha256, boxes, seconds]) + "\n")
    return finds


def print_score(name: str, score: Score) -> None:
    """Print one finder's figures."""
    print(f"\n{name}: {score.megapixels:.0f} megapixels", end="")
    print(f", {1000 * score.seconds / max(score.megapixels, 1e-9):.0f} ms a megapixel")
    for group in sorted(score.count, key=lambda g: (g != "all", g == "printed", len(g), g)):
        hits, count = score.hidden[group], score.count[group]
        low, high = wilson_interval(hits, count)
        share = f"{hits / count:.2f} ({low:.2f} to {high:.2f})"
        print(f"  {group:14} hidden {hits:4} of {count:4}  {share}")
    finds = score.right + score.wrong
    low, high = wilson_interval(score.right, finds)
    share = f"{score.right / max(finds, 1):.2f} ({low:.2f} to {high:.2f})"
    print(f"  right finds           {score.right:4} of {finds:4}  {share}")


def main() -> int:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, default=Path("../shared"))
    parser.add_argument("--limit", type=int, help="only so many pictures, for a look")
    parser.add_argument("--cache", type=Path, help="finds are kept there, and not made again")
    options = parser.parse_args()
    pictures = read_labels(LABELS)
    paths = find_pictures(options.pictures, {picture.sha256 for picture in pictures})
    if not paths:
        print(f"none of the labelled pictures is under {options.pictures}")
        return 1
    finds = run_finders(pictures[: options.limit], paths, options.cache)
    print(f"{len(paths)} of {len(pictures)} labelled pictures are here")
    for kind, default in ((PrivateKind.FACE, MIN_FACE_SCORE), (PrivateKind.PLATE, MIN_PLATE_SCORE)):
        for min_score in sorted({0.1, default, 0.35, 0.5}):
            mark = " (default)" if min_score == default else ""
            found = finds[f"ours {kind}"]
            score = score_finder(kind, pictures, found, min_score=min_score)
            print_score(f"ours, {kind}s from score {min_score}{mark}", score)
        haar = score_finder(kind, pictures, finds[f"haar {kind}"], min_score=0)
        print_score(f"Haar cascade, {kind}s", haar)
    return 0


if __name__ == "__main__":
    sys.exit(main())
