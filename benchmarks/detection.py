"""How well the model in force finds things on real held-out pictures, beside its peers.

    python -m benchmarks.detection [--quick] [--model NAME_OR_FOLDER] [--folds FILE]

All rows have the same pictures and the same matching. Exit status 0 where all targets hold, 1
where not or where a row could not be had. See benchmarks/README.md.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.detectors.default_training import (
    FOLDER,
    PICTURES,
    build_patrol_set,
)
from benchmarks.detectors.peers import Find, make_sahi, make_whole, write_checkpoint
from datasets.labelled_picture import LabelledPicture, Origin, View
from datasets.picture_set import PictureSet
from inference.detection.detect import DetectSettings
from models.openvino_detector import read_openvino_detector
from models.registry import RegisteredModel, read_model
from models.safe_files import TRAINABLE_FILES
from training.evaluation.result import Interval, PartScore, PictureResult, Way, find_class
from training.evaluation.score import score_parts
from training.evaluation.search import match_picture, plan_scales, plan_search, search_pictures

GARBAGE, BILLBOARD, STRUCTURE = "exposed_garbage", "damaged_billboard", "illegal_structure"
DASHCAM = "smartathon_street"
FOLDS = Path("out/trials/folds/table.json")  # of `python -m benchmarks.trials folds`
LEAST_DETECTIONS = 100  # from which on an error of calibration says something
QUICK_STEP = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A figure to reach.

    Attributes:
        reached: None where it could not be measured here.
        note: What belongs beside the figure.
        wish: It is printed, but does not decide.
    """

    what: str
    limit: float
    at_most: bool
    reached: Interval | None
    note: str = ""
    wish: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure is reached."""
        if self.reached is None:
            return False
        value = self.reached.value
        return value <= self.limit if self.at_most else value >= self.limit


def search_with(
    find: Find, picture_set: PictureSet, pictures: Iterable[LabelledPicture], model: RegisteredModel
) -> list[PictureResult]:
    """Return what a peer found, matched as ours is; sizes are those of the whole picture."""
    search = plan_search(read_openvino_detector(model), model.manifest, Way.WHOLE)
    return [
        match_picture(
            picture,
            find(picture_set.path_of(picture)),
            classes=model.manifest.classes,
            scales=plan_scales(picture, search),
        )
        for picture in pictures
    ]


def search_tiled(
    model: RegisteredModel, picture_set: PictureSet, pictures: Iterable[LabelledPicture]
) -> list[PictureResult]:
    """Return what the model in force finds on the way of a photo."""
    search = plan_search(read_openvino_detector(model), model.manifest, Way.TILED)
    found = search_pictures(picture_set, pictures, search)
    return [one for one in found if isinstance(one, PictureResult)]


def search_by_peers(
    model: RegisteredModel,
    picture_set: PictureSet,
    pictures: Sequence[LabelledPicture],
    work: Path,
) -> dict[str, list[PictureResult] | None]:
    """Return what each peer found; None where it was not trained here."""
    side_px, overlap = model.manifest.input_size_px, DetectSettings(min_confidence=()).tile_overlap
    same = write_checkpoint(model.folder, work / "same.pt")
    makers: dict[str, Callable[[], Find]] = {
        "whole pictures (ultralytics, same weights)": lambda: make_whole(same, side_px=side_px),
        "SAHI (same weights)": lambda: make_sahi(same, side_px=side_px, overlap=overlap),
    }
    if (FOLDER / TRAINABLE_FILES[0]).is_file():
        other = write_checkpoint(FOLDER, work / "default.pt")
        makers["ultralytics' defaults, trained here"] = lambda: make_whole(other, side_px=640)
    rows: dict[str, list[PictureResult] | None] = {
        name: search_with(make(), picture_set, pictures, model) for name, make in makers.items()
    }
    if len(makers) < 3:
        rows["ultralytics' defaults"] = None
    return rows


def find_map50(
    parts: Sequence[PartScore], view: View, class_name: str, source: str | None = None
) -> Interval | None:
    """Return the mAP50 of a class on real photos of a view, None where it has none."""
    for part in parts:
        if (part.view, part.origin, part.source) == (view, Origin.PHOTO, source):
            score = find_class(part, class_name)
            return score.map50 if score else None
    return None


def count_alarms(
    results: Sequence[PictureResult], view: View, thresholds: dict[str, float]
) -> tuple[int, int]:
    """Return boxes shown on real pictures without any object, and these pictures' number.

    Boxes count of classes that somebody looked for on the picture.
    """
    empty = [
        one
        for one in results
        if (one.picture.view, one.picture.origin) == (view, Origin.PHOTO) and not one.picture.boxes
    ]
    boxes = sum(
        box.score >= thresholds[box.class_name]
        for one in empty
        for box in one.found
        if box.class_name in one.picture.labelled_classes
    )
    return boxes, len(empty)


def alarm_target(
    negatives: Sequence[PictureResult], view: View, model: RegisteredModel, note: str
) -> Target:
    """Return the target of false alarms on pictures of a view, over all splits."""
    thresholds = dict(model.manifest.min_confidence)
    boxes, pictures = count_alarms(negatives, view, thresholds)
    unseen = [one for one in negatives if one.picture.split != "train"]
    own = count_alarms(unseen, view, thresholds)
    rate = Interval(value=boxes / pictures, low=None, high=None) if pictures else None
    words = f"{boxes} boxes on {pictures} pictures of all splits; {own[0]} on {own[1]} not learned"
    return Target(
        what=f"false alarms per real negative picture, {view}",
        limit=0.05,
        at_most=True,
        reached=rate,
        note=f"{words}{note}",
    )


def plan_targets(
    parts: Sequence[PartScore],
    negatives: Sequence[PictureResult],
    unlearned: Interval | None,
    model: RegisteredModel,
    folds: dict[str, Interval],
) -> list[Target]:
    """Return the targets with what was reached.

    `unlearned` is the mAP50 of billboards on val and test together.
    """
    street = next(p for p in parts if (p.view, p.origin, p.source) == ("street", "photo", None))
    garbage = find_class(street, GARBAGE)
    recall = garbage.operating.recall if garbage else None
    recall_note = f"; recall of garbage on test {format_interval(recall)}"
    return [
        Target(
            what="exposed_garbage, mAP50, all street sources",
            limit=0.78,
            at_most=False,
            reached=find_map50(parts, View.STREET, GARBAGE),
        ),
        Target(
            what="exposed_garbage, mAP50, dashcam alone",
            limit=0.42,
            at_most=False,
            reached=find_map50(parts, View.STREET, GARBAGE, DASHCAM),
        ),
        Target(
            what="damaged_billboard, mAP50, cross-validated",
            limit=0.35,
            at_most=False,
            reached=folds.get(BILLBOARD),
            note=f"test split: {format_interval(find_map50(parts, View.STREET, BILLBOARD))}; "
            f"val and test, which it did not learn from: {format_interval(unlearned)}",
        ),
        Target(
            what="illegal_structure, mAP50, cross-validated (a wish)",
            limit=0.80,
            at_most=False,
            reached=folds.get(STRUCTURE),
            note=f"test split: {format_interval(find_map50(parts, View.DRONE, STRUCTURE))}",
            wish=True,
        ),
        alarm_target(negatives, View.STREET, model, recall_note),
        Target(
            what="exposed_garbage, recall at that point",
            limit=0.5,
            at_most=False,
            reached=recall,
        ),
        alarm_target(negatives, View.DRONE, model, ""),
        *_calibration_targets(street, model),
    ]


def _calibration_targets(street: PartScore, model: RegisteredModel) -> list[Target]:
    targets = []
    for score in street.classes:
        measured = score.calibration
        if measured is None or measured.detections < LEAST_DETECTIONS:
            continue
        fitted = model.manifest.calibration.get(score.class_name)
        note = f"Brier {format_interval(measured.brier)}, {measured.detections} detections on test"
        if fitted is not None:
            note += f"; cross-validated on val: {fitted.ece:.3f}, Brier {fitted.brier:.3f}"
        targets.append(
            Target(
                what=f"{score.class_name}, expected calibration error",
                limit=0.05,
                at_most=True,
                reached=measured.ece,
                note=note,
            )
        )
    return targets


def read_folds(path: Path) -> dict[str, Interval]:
    """Return the cross-validated mAP50 by class; empty without the file.

    The first recipe that knows a class counts: to take the best one would be to choose on test.
    """
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    first: dict[str, Interval] = {}
    for result in table["results"]:
        for score in result["scores"]:
            first.setdefault(score["class_name"], Interval(**score["ap50"]))
    return first


def format_interval(interval: Interval | None) -> str:
    """Return a value with its interval."""
    if interval is None:
        return "–"
    if interval.low is None or interval.high is None:
        return f"{interval.value:.3f}"
    return f"{interval.value:.3f} ({interval.low:.3f}-{interval.high:.3f})"


def print_contenders(rows: Mapping[str, Sequence[PartScore] | None]) -> None:
    """Print a row a contender: mAP50 on the test split, real photos."""
    columns = (
        ("garbage, street", View.STREET, GARBAGE, None),
        ("garbage, dashcam", View.STREET, GARBAGE, DASHCAM),
        ("billboard, street", View.STREET, BILLBOARD, None),
        ("structure, drone", View.DRONE, STRUCTURE, None),
    )
    print(f"{'mAP50 on test':46}" + "".join(f"{name:24}" for name, *_ in columns))
    for name, parts in rows.items():
        if parts is None:
            print(f"{name:46}not trained here: python -m benchmarks.detectors.default_training")
            continue
        cells = [format_interval(find_map50(parts, *key)) for _, *key in columns]
        print(f"{name:46}" + "".join(f"{cell:24}" for cell in cells))


def print_targets(targets: Sequence[Target]) -> None:
    """Print a row a target, the figure last."""
    print()
    for target in targets:
        sign = "at most" if target.at_most else "at least"
        verdict = "holds" if target.holds else "wished for" if target.wish else "MISSED"
        if target.note:
            print(f"  {target.note}")
        print(
            f"{target.what:58}{sign} {target.limit:.2f}  {verdict:11}"
            f"{format_interval(target.reached)}"
        )


def thin_out(pictures: Sequence[LabelledPicture]) -> list[LabelledPicture]:
    """Return every sixth picture of each source, for a quick look that decides nothing."""
    counts: dict[str, int] = {}
    kept = []
    for picture in pictures:
        count = counts.get(picture.source, 0)
        counts[picture.source] = count + 1
        if count % QUICK_STEP == 0:
            kept.append(picture)
    return kept


def measure(model: RegisteredModel, folds: Path, *, quick: bool, work: Path) -> bool:
    """Print the figures; return whether all targets hold and all rows are there."""
    picture_set = build_patrol_set(work / "set")
    test = [one for one in picture_set.pictures if one.split == "test"]
    others = [one for one in picture_set.pictures if one.split != "test" and not one.boxes]
    # Its source alone: the other street pictures were never looked at for billboards.
    val_billboards = [
        one
        for one in picture_set.pictures
        if one.split == "val" and one.boxes and one.source == DASHCAM
    ]
    if quick:
        test, others = thin_out(test), thin_out(others)
    thresholds = dict(model.manifest.min_confidence)
    ours = search_tiled(model, picture_set, test)
    found: dict[str, list[PictureResult] | None] = {
        f"ours, tiled ({model.manifest.id})": ours,
        **search_by_peers(model, picture_set, test, work),
    }
    rows = {
        name: None if results is None else score_parts(results, thresholds=thresholds)
        for name, results in found.items()
    }
    print(f"{picture_set.name} {picture_set.version}, {len(test)} test pictures")
    print_contenders(rows)
    parts = score_parts(ours, thresholds=thresholds)
    negatives = ours + search_tiled(model, picture_set, others)
    unlearned = [one for one in negatives if one.picture.split != "train"]
    unlearned += search_tiled(model, picture_set, val_billboards)
    pooled = find_map50(score_parts(unlearned, thresholds=thresholds), View.STREET, BILLBOARD)
    targets = plan_targets(parts, negatives, pooled, model, read_folds(folds))
    print_targets(targets)
    return all(target.holds or target.wish for target in targets) and None not in rows.values()


def main() -> int:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a registered name or a folder; else the promoted one")
    parser.add_argument("--folds", type=Path, default=FOLDS, help="of the cross-validation")
    parser.add_argument("--quick", action="store_true", help="a sixth of the pictures")
    options = parser.parse_args()
    if not PICTURES.is_dir():
        print(f"not measured: {PICTURES} is not here")
        return 1
    with tempfile.TemporaryDirectory() as work:
        held = measure(
            read_model(options.model), options.folds, quick=options.quick, work=Path(work)
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
