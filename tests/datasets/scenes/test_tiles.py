"""Training tiles and their labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledBox
from datasets.scenes.defects import SceneObject
from datasets.scenes.photo import ObjectView, RenderedPhoto
from datasets.scenes.scene import FIRST_TRAINING_SEED
from datasets.scenes.tile_plan import TilePlan
from datasets.scenes.tiles import render_tiles, tile_boxes, write_training_tiles, yolo_lines

GSD_M = 0.04


def make_photo(
    box: tuple[int, int, int, int],
    *,
    visible_share: float = 1.0,
    class_name: str = "damaged_billboard",
) -> RenderedPhoto:
    """Return a photo of one object that fills a box (its last pixels included)."""
    x0, y0, x1, y1 = box
    owners = np.zeros((600, 800), np.int16)
    owners[y0 : y1 + 1, x0 : x1 + 1] = 1
    view = ObjectView(
        object_id=1,
        class_name=class_name,
        box_photo=(x0, y0, x1, y1),
        visible_share=visible_share,
        visible_px=int(np.count_nonzero(owners)),
    )
    pixels = np.zeros((600, 800, 3), np.uint8)
    return RenderedPhoto(pixels=pixels, objects=(view,), owners=owners)


OBJECT = SceneObject(
    id=1,
    class_name="damaged_billboard",
    sub_class="torn",
    centre=np.zeros(3),
    size_m=(1, 1, 1),
    footprint=np.zeros((4, 2)),
    ground_height_m=0,
)


def boxes_of(photo: RenderedPhoto) -> tuple[LabelledBox, ...] | None:
    return tile_boxes(photo, [OBJECT], left=100, top=200, tile_px=256, gsd_m=GSD_M)


def test_demonstration_seeds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="99999"):
        write_training_tiles(tmp_path, seeds=range(99_999, FIRST_TRAINING_SEED + 1), split="train")


def test_boxes_are_in_the_tiles_own_pixels_and_name_the_sub_class() -> None:
    assert boxes_of(make_photo((110, 220, 149, 259))) == (
        LabelledBox(
            class_name="damaged_billboard",
            sub_class="torn",
            x_min=10,
            y_min=20,
            x_max=50,
            y_max=60,
        ),
    )


def test_boxes_are_cut_at_the_tiles_edge() -> None:
    (box,) = boxes_of(make_photo((60, 220, 139, 259))) or ()
    assert (box.x_min, box.x_max) == (0, 40)


def test_a_tile_without_an_object_has_no_box() -> None:
    assert boxes_of(make_photo((400, 500, 440, 540))) == ()


def test_tiles_with_a_part_too_small_to_judge_are_not_made() -> None:
    mostly_outside = make_photo((21, 220, 110, 259))  # 11 of its 90 columns
    mostly_hidden = make_photo((110, 220, 149, 259), visible_share=0.2)
    assert boxes_of(mostly_outside) is None
    assert boxes_of(mostly_hidden) is None


def test_a_board_seen_from_its_edge_is_not_judged() -> None:
    # 60 x 8 pixels of 4 cm are 0.77 square metres of its front.
    thin = (110, 220, 169, 227)
    assert boxes_of(make_photo(thin)) is None
    assert boxes_of(make_photo(thin, class_name="exposed_garbage"))


def test_yolo_lines_hold_centre_and_size_as_parts_of_the_side() -> None:
    box = LabelledBox(class_name="illegal_structure", x_min=0, y_min=128, x_max=256, y_max=256)
    assert yolo_lines([box], 512) == "2 0.250000 0.375000 0.500000 0.250000\n"


SMALL_PLAN = TilePlan(
    tile_px=384,
    tiles_per_scene=8,
    empty_share=0.5,
    sub_classes=("bags", "canopy"),
    objects_per_sub_class=6,
    lookalikes=("person", "survey_target"),
    lookalikes_per_kind=2,
)


@pytest.mark.slow
def test_tiles_keep_to_the_share_of_empty_ones_and_to_the_sub_classes() -> None:
    tiles = render_tiles(FIRST_TRAINING_SEED + 7, SMALL_PLAN)
    assert sum(not tile.boxes for tile in tiles) <= 5  # 8 * 0.5, rounded up by chance
    assert sum(bool(tile.boxes) for tile in tiles) >= 2
    assert {box.sub_class for tile in tiles for box in tile.boxes} <= {"bags", "canopy"}
    again = render_tiles(FIRST_TRAINING_SEED + 7, SMALL_PLAN)
    assert [tile.boxes for tile in tiles] == [tile.boxes for tile in again]
    assert all((a.pixels == b.pixels).all() for a, b in zip(tiles, again, strict=True))


@pytest.mark.slow
def test_a_plan_without_objects_gives_empty_tiles_only() -> None:
    plan = replace(SMALL_PLAN, sub_classes=(), empty_share=1.0, tiles_per_scene=4)
    tiles = render_tiles(FIRST_TRAINING_SEED + 8, plan)
    assert len(tiles) == 4
    assert not any(tile.boxes for tile in tiles)
