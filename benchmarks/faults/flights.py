"""A small rendered flight, again and again: other files, the same pixels and findings."""

from dataclasses import replace
from pathlib import Path

from datasets.scenes.flight import plan_shots, render_flight
from datasets.scenes.plans import demo_plan, scene_camera

_SEED = 7


def render_photos(folder: Path) -> dict[str, bytes]:
    """Return six photos of the demonstration's place, of 2 MP."""
    camera = scene_camera(1600, 1200)
    plan = demo_plan()
    shots = plan_shots(rows=2, columns=3, camera=camera, height_m=plan.height_m, overlap=0.6)
    scene = replace(plan.scene, texel_m=0.08)
    render_flight(replace(plan, scene=scene, camera=camera, shots=tuple(shots)), folder, seed=_SEED)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.JPG"))}


def make_other_files(photos: dict[str, bytes], number: int) -> dict[str, bytes]:
    """Return the photos as other files: a comment tells them apart, no pixel does."""
    return {name: _add_comment(data, f"flight {number}") for name, data in photos.items()}


def _add_comment(jpeg: bytes, text: str) -> bytes:
    """Return a JPEG with a comment (COM) before its first scan's tables (ITU T.81, B.2.4.5)."""
    comment = text.encode()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    at = _end_of_first_segment(jpeg)
    return jpeg[:at] + segment + jpeg[at:]


def _end_of_first_segment(jpeg: bytes) -> int:
    # Behind APP1, so that EXIF stays where all readers look for it.
    return 4 + int.from_bytes(jpeg[4:6], "big")
