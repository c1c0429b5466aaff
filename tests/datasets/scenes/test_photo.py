"""Photos of scenes so simple that their pixels can be worked out by hand."""

import numpy as np
import pytest

from datasets.scenes.defects import SceneObject
from datasets.scenes.ground import Ground
from datasets.scenes.layout import Layout
from datasets.scenes.painting import canvas_camera, pixel_grid, refine_grid
from datasets.scenes.photo import Development, RenderedPhoto, take_photo
from datasets.scenes.scene import Scene, ScenePlan
from datasets.scenes.shapes import Face, Solid, face_normal, flat_corners
from datasets.scenes.terrain import Terrain
from datasets.scenes.viewing import SceneCamera, SceneView

CLEAR = Development(haze=0, blur_px=0.05, noise=0, vignetting=0)
NO_DISTORTION = (0.0, 0.0, 0.0, 0.0, 0.0)


def make_square(
    east: float, north: float, up: float, *, side_m: float, object_id: int, grey: int = 250
) -> Solid:
    texture = np.full((8, 8, 4), 255, np.uint8)
    texture[..., :3] = grey
    face = Face(corners=flat_corners(east, north, up, width=side_m, depth=side_m), texture=texture)
    return Solid(centre=np.array([east, north, up]), faces=(face,), object_id=object_id)


def make_scene(*solids: Solid) -> Scene:
    layout = Layout(heading_deg=0, half_size_m=50, roads=(), parcels=())
    texels = np.zeros((100, 100, 4), np.uint8)
    texels[..., :3] = 60
    objects = tuple(
        SceneObject(
            id=solid.object_id,
            class_name="exposed_garbage",
            centre=solid.centre,
            size_m=(1, 1, 1),
            footprint=solid.faces[0].corners[:, :2],
            ground_height_m=0,
        )
        for solid in solids
        if solid.object_id
    )
    return Scene(
        plan=ScenePlan(seed=0, half_size_m=50, object_reach_m=40),
        terrain=Terrain(waves=()),
        ground=Ground(texels=texels, texel_m=1, layout=layout),
        solids=solids,
        objects=objects,
    )


def make_camera(distortion: tuple[float, float, float, float, float]) -> SceneCamera:
    return SceneCamera(
        width_px=401, height_px=301, fx=400, fy=400, cx=200, cy=150, distortion=distortion
    )


def look_down(scene: Scene, distortion: tuple[float, float, float, float, float]) -> RenderedPhoto:
    view = SceneView(east_m=0, north_m=0, up_m=40, yaw_deg=0, pitch_deg=-90, roll_deg=0)
    rng = np.random.default_rng(0)
    return take_photo(scene, view, make_camera(distortion), development=CLEAR, rng=rng)


def test_box_of_a_square_on_the_ground_is_where_the_sum_says() -> None:
    # 4 m at 40 m with 400 px are 40 px; its middle is 5 m east: 50 px right, 3 m north: 30 up.
    photo = look_down(make_scene(make_square(5, 3, 0, side_m=4, object_id=1)), NO_DISTORTION)
    assert photo.objects[0].box_photo == pytest.approx((230, 100, 270, 140), abs=1.01)
    assert photo.objects[0].visible_share == pytest.approx(1, abs=0.02)
    assert photo.pixels[120, 250].tolist() == [250, 250, 250]


def test_distortion_moves_the_box_outwards_by_browns_formula() -> None:
    # At 140 px from the middle r = 0.35: 140 * (1 + 0.2 * 0.35**2) = 143.43.
    photo = look_down(make_scene(make_square(14, 0, 0, side_m=0.6, object_id=1)), (0.2, 0, 0, 0, 0))
    x_min, _, x_max, _ = photo.objects[0].box_photo
    assert (x_min + x_max) / 2 == pytest.approx(200 + 143.43, abs=0.8)


def test_an_object_half_hidden_by_something_higher_is_half_visible() -> None:
    # Roofs over the first 1.5 m to the east, half the way up to the camera at 40 m, hide the
    # first 3 m of the 6 m on the ground; 3 m are 30 px from the middle.
    square = make_square(3, 0, 0, side_m=6, object_id=1)
    roofs = [make_square(0.75, north, 20, side_m=1.5, object_id=0, grey=10) for north in (-1, 0, 1)]
    photo = look_down(make_scene(square, *roofs), NO_DISTORTION)
    assert photo.objects[0].visible_share == pytest.approx(0.5, abs=0.03)
    assert photo.objects[0].box_photo[0] == pytest.approx(230, abs=1.5)


def test_an_object_cut_by_the_photos_edge_is_partly_visible() -> None:
    # The photo's right edge is 20 m east; a square around it lies half outside.
    photo = look_down(make_scene(make_square(20, 0, 0, side_m=4, object_id=1)), NO_DISTORTION)
    assert photo.objects[0].visible_share == pytest.approx(0.5, abs=0.03)


def test_objects_outside_the_photo_are_not_listed() -> None:
    assert not look_down(
        make_scene(make_square(40, 0, 0, side_m=4, object_id=1)), NO_DISTORTION
    ).objects


def test_the_canvas_covers_the_whole_distorted_photo() -> None:
    camera = make_camera((-0.1, 0.02, 0.001, -0.001, 0))
    photo = look_down(make_scene(make_square(0, 0, 0, side_m=200, object_id=1)), camera.distortion)
    assert photo.objects[0].visible_px == 401 * 301
    ideal = canvas_camera(camera)
    assert ideal.width_px > 401
    assert ideal.height_px > 301


def test_refining_a_grid_keeps_its_knots_and_fills_in_straight_lines() -> None:
    grid = pixel_grid(100, 60)
    fine = refine_grid(grid[..., 0] * 3 + grid[..., 1], width_px=100, height_px=60)
    rows, columns = np.mgrid[0:60, 0:100]
    assert fine == pytest.approx(columns * 3 + rows, abs=1e-3)


def test_a_level_face_points_up() -> None:
    corners = flat_corners(3, 4, 5, width=2, depth=1, turn_deg=37)
    assert face_normal(corners) == pytest.approx([0, 0, 1])
