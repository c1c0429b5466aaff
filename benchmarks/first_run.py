"""The command on real photos: receipts, findings and timings, folder by folder.

    python -m benchmarks.first_run ../shared/photos [--labelled out/datasets/patrol] [--quick]

Prints the tables of docs/results/first-run.md. Pictures stay in the output folder: they belong to
others and are not committed. Exits 0 when every file found has an answer in its receipt.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.picture_set import read_picture_set

COMMAND = Path(sys.executable).with_name("skypatrol")
# A surface model beside the photos, where the folder has one.
GROUND = {
    "brighton_beach": "dsm_from_model_laz_0.5m.tif",
    "orthority_odm_p4rtk": "dsm.tif",
    "openathena_skydio2_catalina": "skydio-catilina-dem.tiff",
    "openathena_skydio_x2_ir": "S1008521.tiff",
    "openathena_teal2": "teal2.tiff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRun:
    """What came of one folder."""

    name: str
    ground: bool
    summary: dict[str, Any]
    receipt: list[dict[str, Any]]
    issues: list[dict[str, Any]]
    coverage: list[dict[str, Any]]
    files: int
    seconds: float


def inspect_folder(folder: Path, out: Path, *, ground: Path | None) -> FolderRun:
    """Run the command over a folder, anew, and read what it wrote."""
    command = [str(COMMAND), "inspect", str(folder), "--out", str(out), "--fresh", "--json"]
    if ground is not None:
        command += ["--ground", str(ground)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    return FolderRun(
        name=folder.name,
        ground=ground is not None,
        summary=json.loads(done.stdout),
        receipt=json.loads((out / "receipt.json").read_text(encoding="utf-8"))["files"],
        issues=read_features(out / "issues.geojson"),
        coverage=read_features(out / "coverage.geojson"),
        files=sum(path.is_file() for path in folder.rglob("*")),
        seconds=seconds,
    )


def read_features(path: Path) -> list[dict[str, Any]]:
    """Return the features of a GeoJSON file; a folder without photos has none."""
    if not path.is_file():
        return []
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def copy_test_pictures(labelled: Path, folder: Path) -> Path:
    """Copy the pictures of a picture set's test split below `folder`, a folder a source."""
    picture_set = read_picture_set(labelled)
    for picture in picture_set.pictures:
        if picture.split == "test":
            # By the hash, since pictures of a source may share their names.
            name = f"{picture.sha256}{Path(picture.path).suffix}"
            target = folder / picture.source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture_set.path_of(picture), target)
    return folder


def describe_folder(run: FolderRun) -> str:
    """Return a row of the table of folders."""
    summary, classes = run.summary, run.summary["issues"]
    placed = sum(issue["geometry"] is not None for issue in run.issues)
    footprints = sum(feature["geometry"] is not None for feature in run.coverage)
    found = ", ".join(f"{count} {name}" for name, count in classes.items() if count) or "none"
    return (
        f"| {run.name}{' + ground' if run.ground else ''} | {summary['photos']} "
        f"| {summary['inspected']} | {summary['held']} | {summary['rejected']} | {footprints} "
        f"| {found} | {placed} of {len(run.issues)} | {run.seconds:.1f} |"
    )


def describe_reasons(runs: list[FolderRun]) -> list[str]:
    """Return the rows of the table of reasons, the most frequent first."""
    counts = Counter(
        (reason["code"], entry["outcome"])
        for run in runs
        if not run.ground
        for entry in run.receipt
        for reason in entry["reasons"]
    )
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [f"| `{code}` | {outcome} | {count} |" for (code, outcome), count in rows]


def main() -> int:
    """Run all folders and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, nargs="?", default=Path("../shared/photos"))
    parser.add_argument("--out", type=Path, default=Path("out/first-run"))
    parser.add_argument("--labelled", type=Path, help="a picture set: its test split")
    parser.add_argument("--quick", action="store_true", help="three folders only")
    options = parser.parse_args()
    folders = [*sorted((options.photos / "flights").iterdir()), options.photos / "street"]
    folders = [folder for folder in folders if folder.is_dir()]
    if options.quick:
        folders = [
            f for f in folders if f.name in ("mirafiori_p4m_rtk", "seneca_gps_only", "street")
        ]
    if options.labelled:
        folders.append(copy_test_pictures(options.labelled, options.out / "copies" / "test_split"))
    runs = []
    for folder in folders:
        runs.append(inspect_folder(folder, options.out / folder.name, ground=None))
        if folder.name in GROUND:
            target = options.out / f"{folder.name}_ground"
            ground = folder / GROUND[folder.name]
            runs.append(inspect_folder(folder, target, ground=ground))
    print("| folder | photos | inspected | held | rejected | footprints | issues | placed | s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    print("\n".join(describe_folder(run) for run in runs))
    print("\n| reason | outcome | files |\n| --- | --- | --- |")
    print("\n".join(describe_reasons(runs)))
    unanswered = sum(run.files - len(run.receipt) for run in runs)
    print(f"\nfiles without an answer: {unanswered}")
    return 0 if unanswered == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
