"""Things of a scene: flat textured faces in metres, bundled into solids."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Texture = NDArray[np.uint8]  # (rows, columns, 4): blue, green, red, opacity
Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """A flat four-cornered face with a texture.

    Attributes:
        corners: (4, 3) ENU metres of the texture's top left, top right, bottom right and bottom
            left; seen from outside they run clockwise.
        layer: Faces of a solid are painted layer by layer, the far ones of a layer first.
        two_sided: Whether it shows from behind, too.
        lit: Whether the sun's angle changes its brightness.
        casts_shadow: Whether it darkens the ground.
        recognisable: Whether one can tell by it what the object is; the back of a board says
            nothing about the poster.
    """

    corners: Vector
    texture: Texture
    layer: int = 0
    two_sided: bool = False
    lit: bool = True
    casts_shadow: bool = True
    recognisable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solid:
    """Faces that are painted together.

    Attributes:
        centre: Where it stands, ENU metres; far solids are painted first.
        host: Centre of the building that it stands on or leans over, which is painted before it.
        object_id: Of the object in the truth that it is, or 0.
    """

    centre: Vector
    faces: tuple[Face, ...]
    host: Vector | None = None
    object_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """Where the light comes from and how hard it is."""

    azimuth_deg: float
    elevation_deg: float
    ambient: float  # brightness in full shadow, as a part of that in the sun

    @property
    def direction(self) -> Vector:
        """Unit vector from the ground to the sun."""
        azimuth, elevation = np.radians([self.azimuth_deg, self.elevation_deg])
        return np.array(
            [
                np.sin(azimuth) * np.cos(elevation),
                np.cos(azimuth) * np.cos(elevation),
                np.sin(elevation),
            ]
        )


def face_normal(corners: Vector) -> Vector:
    """Return the unit vector that points out of a face."""
    normal = np.cross(corners[3] - corners[0], corners[1] - corners[0])
    return np.asarray(normal / max(float(np.linalg.norm(normal)), 1e-9))


def place_points(points: Vector, *, centre: Vector, heading_deg: float) -> Vector:
    """Turn local points (x right, y ahead, z up) clockwise by the heading and move them."""
    angle = np.radians(heading_deg)
    turn = np.array(
        [
            [np.cos(angle), -np.sin(angle), 0.0],
            [np.sin(angle), np.cos(angle), 0.0],
            [0.0, 0.0, 1.0],
        ]
    )
    return np.asarray(points @ turn + centre)


def flat_corners(
    x: float, y: float, z: float, *, width: float, depth: float, turn_deg: float = 0.0
) -> Vector:
    """Return the corners of a level rectangle around (x, y, z), seen from above."""
    corners = np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]]) * 0.5
    corners = corners * [width, depth, 1.0]
    return place_points(corners, centre=np.array([x, y, z]), heading_deg=turn_deg)


def box_faces(
    lower: Sequence[float],
    upper: Sequence[float],
    *,
    top: Texture,
    sides: Sequence[Texture],
    layer: int = 0,
    top_heights: tuple[float, float] | None = None,
) -> list[Face]:
    """Return the roof and four walls of a box in local metres.

    Args:
        lower: Smallest x, y, z.
        upper: Largest x, y, z.
        top: Texture of the roof.
        sides: Textures of the walls; they are used in turn.
        layer: Of the walls; the roof is painted one layer later.
        top_heights: Heights of the roof at the front (largest y) and at the back, if it slopes.
    """
    x0, y0, z0 = lower
    x1, y1, z1 = upper
    front, back = top_heights or (z1, z1)
    roof = np.array([[x0, y1, front], [x1, y1, front], [x1, y0, back], [x0, y0, back]])
    rings = [(x1, y1, front), (x0, y1, front), (x0, y0, back), (x1, y0, back), (x1, y1, front)]
    faces = []
    for index in range(4):
        ax, ay, az = rings[index]
        bx, by, bz = rings[index + 1]
        corners = np.array([[ax, ay, az], [bx, by, bz], [bx, by, z0], [ax, ay, z0]])
        faces.append(Face(corners=corners, texture=sides[index % len(sides)], layer=layer))
    faces.append(Face(corners=roof, texture=top, layer=layer + 1))
    return faces


def place_faces(faces: Sequence[Face], *, centre: Vector, heading_deg: float) -> tuple[Face, ...]:
    """Move faces from local metres to their place in the scene."""
    return tuple(
        replace(face, corners=place_points(face.corners, centre=centre, heading_deg=heading_deg))
        for face in faces
    )


def light_solid(solid: Solid, sun: Sun) -> Solid:
    """Return the solid with its textures as bright as the sun's angle makes them."""
    return replace(solid, faces=tuple(_light_face(face, sun) for face in solid.faces))


def _light_face(face: Face, sun: Sun) -> Face:
    if not face.lit:
        return face
    direct = float(face_normal(face.corners) @ sun.direction)
    direct = abs(direct) if face.two_sided else max(direct, 0.0)
    level = direct / sun.direction[2]  # level ground has brightness 1
    gain = min(sun.ambient + (1 - sun.ambient) * level, 1.25)
    texture = face.texture.copy()
    texture[..., :3] = cv2.convertScaleAbs(face.texture[..., :3], alpha=gain)
    return replace(face, texture=texture)
