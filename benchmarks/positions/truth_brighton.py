"""Brighton: tie points of the flight's own reconstruction."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.positions.point_sets import PointSet
from inference.geometry.frames import EnuFrame, enu_to_wgs84

NAMES = ("DJI_0018.JPG", "DJI_0019.JPG", "DJI_0026.JPG", "DJI_0027.JPG")
UNTOUCHED = NAMES[:2]
TURNED = NAMES[2:]
LONG_SIDE_PX = 4000
MIDDLE_PX = (1999.5, 1124.5)


def read_brighton_points(folder: Path, names: Sequence[str] = NAMES) -> list[PointSet]:
    """Return the tie points that the photos show, in full-size pixels."""
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
    for part in sorted(folder.glob("sfm_400x225/submodel_*")):
        model = json.loads((part / "reconstruction.json").read_text())[0]
        points = {key: point["coordinates"] for key, point in model["points"].items()}
        origin = model["reference_lla"]
        frame = EnuFrame(
            latitude_deg=origin["latitude"],
            longitude_deg=origin["longitude"],
            height_m=origin["altitude"],
        )
        with (part / "tracks.csv").open() as lines:
            rows = [row for row in csv.reader(lines, delimiter="\t") if len(row) > 5]
        for name, track, _, x, y, *_ in rows:
            if name not in found or name not in model["shots"] or track not in points:
                continue
            # Normalised by the long side, from the picture's middle.
            pixel = tuple(
                float(part) * LONG_SIDE_PX + middle
                for part, middle in zip((x, y), MIDDLE_PX, strict=True)
            )
            found[name].append((*pixel, *enu_to_wgs84(frame, [points[track]])[0]))
    return [
        PointSet(photo=folder / name, pixels=np.array(rows)[:, :2], positions=np.array(rows)[:, 2:])
        for name, rows in found.items()
        if rows
    ]
