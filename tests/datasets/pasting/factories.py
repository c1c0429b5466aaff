"""A folder of drawn sources: grey ground from above, red heaps seen from the side."""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.pasting.plan import PastingPlan, parse_pasting_plan

GREYS = {"train": 110, "val": 170}
HEAPS = {"train": (30, 30, 200), "val": (200, 60, 30)}  # blue, green, red
SIDE_PX = 120


def draw_heap(colour: tuple[int, int, int], *, seed: int = 0) -> NDArray[np.uint8]:
    """Return a heap of one colour, 70 x 50 pixels in the middle of speckled green."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    picture[...] = (60, 130, 70)
    picture += rng.integers(0, 9, picture.shape, dtype=np.uint8)
    cv2.ellipse(picture, (60, 60), (35, 25), 0, 0, 360, colour, -1)
    return picture


def draw_ground(grey: int, *, seed: int) -> NDArray[np.uint8]:
    """Return ground of one grey with a little grain."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(-4, 5, (240, 320, 3))
    return (np.full((240, 320, 3), grey) + noise).astype(np.uint8)


def write_sources(root: Path) -> Path:
    """Write two splits of grounds and heaps with splits.csv, and return their folder."""
    rows = ["folder,image,split,group"]
    for split, grey in GREYS.items():
        for number in range(2):
            name = f"{split}{number}"
            _write(root / "grounds" / "images" / f"{name}.png", draw_ground(grey, seed=number))
            heap = draw_heap(HEAPS[split], seed=number)
            _write(root / "heaps" / "images" / f"{name}.png", heap)
            label = root / "heaps" / "labels" / f"{name}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text("0 0.5 0.5 0.6 0.45\n", encoding="utf-8")
            rows += [f"grounds,{name}.png,{split},flight_{split}"]
            rows += [f"heaps,{name}.png,{split},{name}"]
    (root / "splits.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


def make_plan_text(
    *, switches: str = "", crop: str = "", background: str = "", counts: str = "train = 6, val = 4"
) -> str:
    """Return a plan that pastes the heaps onto the grounds, everything random turned off."""
    plain = "empty_share = 0.0\nocclude_share = 0.0\ncut_share = 0.0\nseamless_share = 0.0"
    return f"""
kind = "pasted"
name = "drawn"
seed = 1
tile_px = 128
enlarge = [1.0, 1.0]
objects = [1, 1]
counts = {{ {counts} }}
[switches]
{switches or plain}
[[background]]
folder = "grounds"
gsd_m = [0.1, 0.1]
labelled_classes = ["exposed_garbage"]
why = {json.dumps("drawn at 10 cm")}
{background}
[[crop]]
folder = "heaps"
cut = "boxes"
class_name = "exposed_garbage"
sub_class = "pile"
size_m = [4.0, 4.0]
{crop}
"""


def make_plan(**parts: str) -> PastingPlan:
    """Return the plan of `make_plan_text`."""
    return parse_pasting_plan(make_plan_text(**parts))
