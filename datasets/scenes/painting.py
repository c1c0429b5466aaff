"""Painting a scene as a camera without distortion would see it, then bending it like a lens."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.scenes.shapes import Face, Solid, Texture, Vector
from datasets.scenes.viewing import SceneCamera, SceneView, camera_axes, project, undistort

_GRID_PX = 16
_NEAREST_M = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """A picture without distortion and, for each of its pixels, whose it is.

    Attributes:
        colours: (rows, columns, 3) uint8, blue, green, red.
        owners: (rows, columns) int16, id of the object seen there, or 0.
        camera: The ideal camera of the canvas, a little wider than the photo.
    """

    colours: NDArray[np.uint8]
    owners: NDArray[np.int16]
    camera: SceneCamera


def canvas_camera(camera: SceneCamera) -> SceneCamera:
    """Return a camera without distortion that sees all that the distorted one sees."""
    edge_x = np.linspace(0, camera.width_px - 1, 33)
    edge_y = np.linspace(0, camera.height_px - 1, 33)
    rim = np.concatenate(
        [np.stack([edge_x, np.full(33, y)], axis=-1) for y in (0, camera.height_px - 1)]
        + [np.stack([np.full(33, x), edge_y], axis=-1) for x in (0, camera.width_px - 1)]
    )
    ideal = _to_ideal_pixels(rim, camera)
    low = np.minimum(np.floor(ideal.min(axis=0)), 0) - 2
    high = np.ceil(ideal.max(axis=0)) + 3
    width, height = (high - low).astype(int)
    return SceneCamera(
        width_px=int(width),
        height_px=int(height),
        fx=camera.fx,
        fy=camera.fy,
        cx=camera.cx - float(low[0]),
        cy=camera.cy - float(low[1]),
    )


def _to_ideal_pixels(pixels: NDArray[np.float64], camera: SceneCamera) -> NDArray[np.float64]:
    scale, centre = [camera.fx, camera.fy], [camera.cx, camera.cy]
    return undistort((pixels - centre) / scale, camera) * scale + centre


def pixel_grid(width_px: int, height_px: int) -> NDArray[np.float64]:
    """Return the (rows, columns, 2) pixels of a coarse grid that reaches past the edges."""
    columns = np.arange(0, width_px + 2 * _GRID_PX, _GRID_PX, dtype=np.float64)
    rows = np.arange(0, height_px + 2 * _GRID_PX, _GRID_PX, dtype=np.float64)
    return np.stack(np.meshgrid(columns, rows), axis=-1)


def refine_grid(grid: NDArray[np.float64], *, width_px: int, height_px: int) -> NDArray[np.float32]:
    """Return the value of a coarse grid's field at each pixel, by linear interpolation."""
    # An affine warp, unlike a resize, keeps the grid's knots exactly on their pixels.
    step = 1.0 / _GRID_PX
    matrix = np.array([[step, 0, 0], [0, step, 0]], np.float64)
    fine = cv2.warpAffine(
        grid.astype(np.float32),
        matrix,
        (width_px, height_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(fine, np.float32)


def bend_like_lens(
    canvas: Canvas, camera: SceneCamera
) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Return the colours and owners in the pixels of the photo, with the lens's distortion."""
    grid = pixel_grid(camera.width_px, camera.height_px)
    shift = [canvas.camera.cx - camera.cx, canvas.camera.cy - camera.cy]
    source = _to_ideal_pixels(grid, camera) + shift
    maps = [
        refine_grid(source[..., axis], width_px=camera.width_px, height_px=camera.height_px)
        for axis in (0, 1)
    ]
    colours = cv2.remap(canvas.colours, maps[0], maps[1], cv2.INTER_LINEAR)
    owners = cv2.remap(canvas.owners, maps[0], maps[1], cv2.INTER_NEAREST)
    return colours, owners


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stroke:
    """One face that the camera sees, and where in the picture it goes."""

    order: tuple[float, int, float, int, int, float]
    solid: Solid
    face: Face
    pixels: NDArray[np.float64]


def paint_solids(canvas: Canvas, solids: Sequence[Solid], view: SceneView) -> dict[int, int]:
    """Paint solids onto the canvas, far ones first.

    Returns:
        By object id, the number of its pixels before nearer solids hid some of them.
    """
    drawn: dict[int, int] = {}
    strokes = sorted(_plan_strokes(canvas, solids, view), key=lambda stroke: stroke.order)
    for index, stroke in enumerate(strokes):
        _paint_face(canvas, stroke)
        owner = stroke.solid.object_id
        last = index + 1 == len(strokes) or strokes[index + 1].solid is not stroke.solid
        if owner and last:
            drawn[owner] = int(np.count_nonzero(canvas.owners == owner))
    return drawn


def _plan_strokes(canvas: Canvas, solids: Sequence[Solid], view: SceneView) -> list[_Stroke]:
    pairs = [(number, solid, face) for number, solid in enumerate(solids) for face in solid.faces]
    if not pairs:
        return []
    corners = np.stack([face.corners for _, _, face in pairs])
    middles = corners.mean(axis=1)
    pixels = project(corners, view, canvas.camera)
    depths = ((corners - view.position) @ camera_axes(view)[2]).min(axis=1)
    distances = np.linalg.norm(middles - view.position, axis=1)
    normals = np.cross(corners[:, 3] - corners[:, 0], corners[:, 1] - corners[:, 0])
    towards = ((view.position - middles) * normals).sum(axis=1)  # its sign is all that counts
    size = np.array([canvas.camera.width_px, canvas.camera.height_px])
    with np.errstate(invalid="ignore"):
        inside = (pixels.max(axis=1) > 0).all(axis=1) & (pixels.min(axis=1) < size).all(axis=1)
    strokes = []
    for index, (number, solid, face) in enumerate(pairs):
        hidden = towards[index] <= 0 and not face.two_sided
        if depths[index] < _NEAREST_M or not inside[index] or hidden:
            continue
        order = (*_solid_order(solid, view), number, face.layer, -float(distances[index]))
        strokes.append(_Stroke(order=order, solid=solid, face=face, pixels=pixels[index]))
    return strokes


def _solid_order(solid: Solid, view: SceneView) -> tuple[float, int, float]:
    anchor = solid.centre if solid.host is None else solid.host
    away = -float(np.hypot(*(anchor - view.position)[:2]))
    own = -float(np.hypot(*(solid.centre - view.position)[:2]))
    return (away, 0 if solid.host is None else 1, own)


def _paint_face(canvas: Canvas, stroke: _Stroke) -> None:
    warped = warp_texture(
        stroke.face.texture,
        stroke.pixels,
        width_px=canvas.camera.width_px,
        height_px=canvas.camera.height_px,
    )
    if warped is None:
        return
    patch, window = warped
    opacity = patch[..., 3:].astype(np.uint16)
    under = canvas.colours[window].astype(np.uint16)
    mixed = (patch[..., :3] * opacity + under * (255 - opacity) + 127) // 255
    canvas.colours[window] = mixed.astype(np.uint8)
    owner = stroke.solid.object_id if stroke.face.recognisable else 0
    canvas.owners[window][opacity[..., 0] > 127] = owner


def warp_texture(
    texture: Texture, pixels: NDArray[np.float64], *, width_px: int, height_px: int
) -> tuple[Texture, tuple[slice, slice]] | None:
    """Return a texture stretched to four pixels, and the window of the picture that it fills.

    Args:
        texture: Blue, green, red, opacity.
        pixels: (4, 2) where its corners go, in the order of `Face.corners`.
        width_px: Of the picture; what lies outside is left out.
        height_px: Of the picture.

    Returns:
        None where nothing of it is inside the picture.
    """
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 2, [width_px, height_px])
    if not (high > low).all():
        return None
    texture = _shrink_to_fit(texture, pixels)
    rows, columns = texture.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(source, (pixels - low).astype(np.float32))
    patch = cv2.warpPerspective(
        texture, matrix, (int(high[0] - low[0]), int(high[1] - low[1])), flags=cv2.INTER_LINEAR
    )
    return patch, (slice(low[1], high[1]), slice(low[0], high[0]))


def _shrink_to_fit(texture: Texture, pixels: NDArray[np.float64]) -> Texture:
    """Average a texture that is much finer than the picture; else it would flicker."""
    edges = np.linalg.norm(pixels - np.roll(pixels, -1, axis=0), axis=1)
    rows, columns = texture.shape[:2]
    wanted_columns = max(2, int(np.ceil(max(edges[0], edges[2]))))
    wanted_rows = max(2, int(np.ceil(max(edges[1], edges[3]))))
    size = (min(columns, wanted_columns), min(rows, wanted_rows))
    if size == (columns, rows):
        return texture
    return np.asarray(cv2.resize(texture, size, interpolation=cv2.INTER_AREA), np.uint8)


def shadow_on_ground(corners: Vector, *, ground_m: float, sun_direction: Vector) -> Vector:
    """Return the (4, 2) east and north of a face's shadow on level ground."""
    reach = np.maximum(corners[:, 2:] - ground_m, 0) / sun_direction[2]
    return np.asarray(corners[:, :2] - reach * sun_direction[:2])


def all_faces(solids: Sequence[Solid]) -> list[tuple[Solid, Face]]:
    """Return each face with the solid that it belongs to."""
    return [(solid, face) for solid in solids for face in solid.faces]
