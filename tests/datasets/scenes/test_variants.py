"""Objects of each sub-class, and the ordinary things that are taken for them."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.scenes.board_damage import DAMAGES
from datasets.scenes.layout import Layout, Parcel, Road, Use, enu_to_plan
from datasets.scenes.lookalikes import LOOKALIKES, place_lookalikes
from datasets.scenes.photo import Development, take_photo
from datasets.scenes.placing import Rooftop, Site
from datasets.scenes.scene import ScenePlan, build_scene
from datasets.scenes.terrain import Terrain
from datasets.scenes.variants import MAKERS, place_variants
from datasets.scenes.viewing import SceneCamera, SceneView
from datasets.taxonomy import check_label

REACH_M = 45.0


def make_site() -> Site:
    """Return a road, four parcels around it and a flat building on one of them."""
    layout = Layout(
        heading_deg=30,
        half_size_m=60,
        roads=(Road(along_x=True, middle_m=0, width_m=7.5),),
        parcels=(
            Parcel(area=(-40, 7, -2, 40), use=Use.VACANT),
            Parcel(area=(2, 7, 40, 40), use=Use.YARD),
            Parcel(area=(-40, -40, -2, -7), use=Use.HOUSES),
            Parcel(area=(2, -40, 40, -7), use=Use.BLOCK),
        ),
    )
    site = Site(layout=layout, terrain=Terrain(waves=()))
    site.take((11, -32, 31, -15))
    roof = Rooftop(
        centre=site.ground_point(21, -23.5), heading_deg=30, width_m=19, depth_m=16, height_m=6
    )
    site.rooftops.append(roof)
    return site


@pytest.mark.parametrize("sub_class", MAKERS)
def test_every_sub_class_is_of_the_taxonomy_and_finds_a_place(sub_class: str) -> None:
    counts = {sub_class: 1}
    ((described, solid),) = place_variants(
        np.random.default_rng(3), make_site(), counts=counts, reach_m=REACH_M, first_number=5
    )
    check_label(described.class_name, described.sub_class)
    assert (described.id, solid.object_id, described.sub_class) == (5, 5, sub_class)
    assert all(np.isfinite(face.corners).all() for face in solid.faces)
    assert np.abs(described.centre[:2]).max() < REACH_M + 5


@pytest.mark.parametrize("kind", LOOKALIKES)
def test_every_lookalike_finds_a_place_and_is_no_object(kind: str) -> None:
    (placed,) = place_lookalikes(
        np.random.default_rng(2), make_site(), counts={kind: 1}, reach_m=REACH_M
    )
    assert placed.kind == kind
    assert placed.solid.object_id == 0
    assert all(face.texture.dtype == np.uint8 for face in placed.solid.faces)


def test_a_rooftop_addition_stands_on_the_roof_and_a_canopy_on_the_ground() -> None:
    counts = {"rooftop_addition": 1, "canopy": 1}
    placed = place_variants(
        np.random.default_rng(4), make_site(), counts=counts, reach_m=REACH_M, first_number=1
    )
    feet = {described.sub_class: described.centre[2] for described, _ in placed}
    assert feet == {"rooftop_addition": 6.0, "canopy": 0.0}


def test_nothing_is_put_where_something_stands() -> None:
    site = make_site()
    before = len(site.taken)
    counts = dict.fromkeys(("pile", "shed", "canopy"), 4)
    placed = place_variants(
        np.random.default_rng(5), site, counts=counts, reach_m=REACH_M, first_number=1
    )
    assert len(site.taken) == before + len(placed)
    for described, _ in placed:
        x, y = enu_to_plan(site.layout, described.centre[:2])
        assert not (12 < x < 30 and -31 < y < -16), "inside the building"


def test_damages_are_the_sub_classes_of_billboards() -> None:
    boards = {name for name, (class_name, _) in MAKERS.items() if class_name == "damaged_billboard"}
    assert set(DAMAGES) == boards


@pytest.mark.slow
def test_boxes_hold_the_pixels_that_an_object_changes() -> None:
    plan = ScenePlan(
        seed=11,
        half_size_m=30,
        object_reach_m=14,
        texel_m=0.1,
        sub_class_counts=dict.fromkeys(MAKERS, 1),
        lookalike_counts={"boulders": 2},
    )
    camera = SceneCamera(width_px=600, height_px=450, fx=500, fy=500, cx=300, cy=225)
    view = SceneView(east_m=0, north_m=0, up_m=32, yaw_deg=10, pitch_deg=-90, roll_deg=0)
    clear = Development(noise=0)
    photos = [
        take_photo(
            build_scene(replace(plan, with_objects=on)),
            view,
            camera,
            development=clear,
            rng=np.random.default_rng(0),
        )
        for on in (True, False)
    ]
    change = np.abs(photos[0].pixels.astype(int) - photos[1].pixels).max(axis=-1)
    owned = photos[0].owners > 0
    assert len(photos[0].objects) >= 3
    assert not photos[1].objects
    assert np.mean(change[owned] > 4) > 0.85
    for shown in photos[0].objects:
        rows, columns = np.nonzero(photos[0].owners == shown.object_id)
        box = (columns.min(), rows.min(), columns.max(), rows.max())
        assert shown.box_photo == pytest.approx(box)
        assert shown.visible_px == len(rows)
