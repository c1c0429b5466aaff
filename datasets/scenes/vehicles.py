"""Lorries, motorcycles with their riders, and people on foot: none of them is ever an object."""

import cv2
import numpy as np

from datasets.scenes.materials import CAR_PAINTS, Colour, darker, finish, pick, plain, tarpaulin
from datasets.scenes.shapes import Face, Texture, box_faces, flat_corners, place_points

_CLOTHES: tuple[Colour, ...] = (
    (40, 40, 44),
    (220, 220, 224),
    (50, 50, 180),
    (150, 80, 40),
    (60, 170, 220),
    (90, 120, 70),
)


def lorry_faces(rng: np.random.Generator) -> list[Face]:
    """Return a lorry or van in local metres, its front towards the largest y.

    Its bed is closed, covered by a tarpaulin, or open with a load.
    """
    long, wide = rng.uniform(5.2, 9.5), rng.uniform(2.1, 2.5)
    paint = pick(rng, CAR_PAINTS, 10)
    x, y = wide / 2, long / 2
    cab_side = finish(plain(rng, (30, 30), darker(paint, 0.8), contrast=3))
    cab_side[4:14, 4:26, :3] = (66, 58, 52)  # windows
    cab = box_faces(
        (-x, y - 1.7, 0.5),
        (x, y, 2.5),
        top=finish(plain(rng, (30, 40), paint, contrast=3)),
        sides=[cab_side],
        layer=4,
    )
    kind = rng.random()
    high = rng.uniform(2.4, 3.2) if kind < 0.7 else 1.4
    bed_colour = pick(rng, ((220, 222, 222), (180, 184, 186), (150, 90, 50), (60, 70, 150)), 10)
    side = finish(plain(rng, (30, 90), darker(bed_colour, 0.85), contrast=4))
    if kind < 0.45:
        top = finish(plain(rng, (120, 50), bed_colour, contrast=3))
    elif kind < 0.7:
        top = finish(tarpaulin(rng, wide, long - 2, texels_per_m=30))
    else:
        top = _load(rng, bed_colour)
    bed = box_faces((-x, -y, 0.6), (x, y - 1.9, high), top=top, sides=[side], layer=1)
    return bed + cab


def _load(rng: np.random.Generator, rim: Colour) -> Texture:
    """Return an open bed from above: even sand or gravel within its rim."""
    colour = pick(rng, ((110, 140, 160), (120, 126, 130), (90, 96, 100)), 12)
    texture = finish(plain(rng, (120, 50), colour, contrast=12, coarsest_px=10))
    cv2.rectangle(texture, (0, 0), (49, 119), (*(int(part) for part in rim), 255), 3)
    return texture


def person_faces(rng: np.random.Generator, *, sitting_m: float = 0.0) -> list[Face]:
    """Return a person in local metres: trousers, shoulders, head.

    Args:
        rng: Source of chance.
        sitting_m: How high a rider sits; 0 for somebody on foot.
    """
    coat, trousers = pick(rng, _CLOTHES, 14), pick(rng, _CLOTHES, 14)
    legs = finish(plain(rng, (16, 8), darker(trousers, 0.8), contrast=4))
    hip = sitting_m or 0.85
    body = finish(plain(rng, (16, 12), darker(coat, 0.8), contrast=5))
    top = finish(plain(rng, (24, 40), coat, contrast=5), _disc(24, 40))
    faces = (
        []
        if sitting_m
        else box_faces((-0.14, -0.1, 0), (0.14, 0.1, hip), top=legs, sides=[legs], layer=0)
    )
    faces += box_faces(
        (-0.23, -0.13, hip), (0.23, 0.13, hip + 0.55), top=top, sides=[body], layer=1
    )
    hair = pick(rng, ((30, 32, 40), (60, 90, 130), (200, 200, 205), (40, 40, 170)), 10)
    head = finish(plain(rng, (20, 20), hair, contrast=4), _disc(20, 20))
    disc = flat_corners(0, 0.03, hip + 0.82, width=0.26, depth=0.28)
    side = finish(plain(rng, (10, 10), (120, 150, 190), contrast=4))
    faces += box_faces(
        (-0.1, -0.08, hip + 0.55), (0.1, 0.12, hip + 0.8), top=head, sides=[side], layer=3
    )
    faces.append(Face(corners=disc, texture=head, layer=5, two_sided=True))
    return faces


def motorcycle_faces(rng: np.random.Generator, *, ridden: bool) -> list[Face]:
    """Return a motorcycle or scooter in local metres, its front towards the largest y."""
    paint = pick(rng, ((40, 40, 170), (40, 42, 44), (200, 204, 206), (150, 90, 30)), 12)
    dark = finish(plain(rng, (40, 12), (40, 42, 46), contrast=8))
    shell = finish(plain(rng, (40, 16), paint, contrast=6))
    faces = box_faces((-0.07, -0.95, 0), (0.07, 0.95, 0.6), top=dark, sides=[dark], layer=0)
    faces += box_faces((-0.17, -0.6, 0.45), (0.17, 0.45, 0.8), top=shell, sides=[shell], layer=1)
    faces += box_faces((-0.36, 0.45, 0.9), (0.36, 0.53, 0.97), top=dark, sides=[dark], layer=2)
    if not ridden:
        return faces
    rider = person_faces(rng, sitting_m=0.8)
    back = np.array([0.0, -0.1, 0.0])
    moved = [place_points(face.corners, centre=back, heading_deg=0) for face in rider]
    return faces + [
        Face(corners=corners, texture=face.texture, layer=face.layer + 3, two_sided=face.two_sided)
        for corners, face in zip(moved, rider, strict=True)
    ]


def _disc(rows: int, columns: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    mask = np.zeros((rows, columns), np.uint8)
    cv2.ellipse(mask, (columns // 2, rows // 2), (columns // 2, rows // 2), 0, 0, 360, 255, -1)
    return np.asarray(mask / 255, np.float32)
