"""What a model is said to be fit for follows from the pictures that it has seen."""

import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from training.recipe import (
    ASSUMED_GSD_RANGE_M,
    RunWeights,
    fill_gsd_ranges_m,
    measure_gsd_ranges_m,
    plan_trained_manifest,
)


def make_picture(gsd_m: float | None, *, side_px: float, name: str = "shed") -> LabelledPicture:
    box = LabelledBox(class_name=name, x_min=0, y_min=0, x_max=side_px, y_max=side_px / 2)
    return LabelledPicture(
        path="a.jpg",
        sha256="0" * 64,
        width_px=500,
        height_px=500,
        boxes=(box,),
        labelled_classes=(name,),
        source="drawn",
        group="g",
        split="train",
        view=View.DRONE,
        gsd_m=gsd_m,
    )


def test_small_objects_were_learned_between_the_outermost_scales() -> None:
    pictures = [make_picture(0.01 + 0.0001 * step, side_px=10) for step in range(101)]
    ranges = measure_gsd_ranges_m(pictures, ["shed"], tile_px=500)
    assert ranges["shed"] == pytest.approx((0.0105, 0.0195))


def test_large_objects_are_searched_no_finer_than_lets_them_fit_into_a_tile() -> None:
    # 6 m long in each picture: 60 % of a tile of 500 pixels at 2 cm a pixel.
    pictures = [make_picture(gsd, side_px=6 / gsd) for gsd in (0.01, 0.02, 0.03, 0.04)]
    ranges = measure_gsd_ranges_m(pictures, ["shed"], tile_px=500)
    assert ranges["shed"] is not None
    assert ranges["shed"][0] == pytest.approx(0.02)


def test_without_a_known_scale_nothing_is_said() -> None:
    pictures = [make_picture(None, side_px=10), make_picture(0.02, side_px=10, name="heap")]
    ranges = measure_gsd_ranges_m(pictures, ["shed", "heap", "board"], tile_px=500)
    assert ranges == {"shed": None, "heap": (0.02, 0.02), "board": None}


def make_record(**config: object) -> dict[str, object]:
    """Return the record of a run, as its config.json holds it."""
    return {
        "config": {"classes": ["shed", "heap"], "input_size_px": 416, "seed": 3, **config},
        "picture_sets": [{"name": "city", "version": "1"}, {"name": "city", "version": "1"}],
        "initial_weights": {"origin": "/home/ann/models/patrol-n-1/trainable.safetensors"}
        | {"sha256": "5" * 64},
        "machine": {"gpu": None, "processor": "an old one"},
    }


def make_result(**ranges: object) -> dict[str, object]:
    return {
        "seconds": 5400.0,
        "epochs": 9,
        "best_epoch": 7,
        "gsd_range_m": {"shed": [0.02, 0.03], "heap": None, **ranges},
    }


def test_a_manifest_follows_from_its_run_alone() -> None:
    record = make_record(intended_use="Clues for reviewers.", limits=["Not at night."])
    manifest = plan_trained_manifest(
        "bureau", "2", record=record, result=make_result(), weights=RunWeights.LAST
    )
    assert manifest.classes == ("shed", "heap")
    assert (manifest.input_size_px, manifest.street_long_side_px) == (416, 416)
    assert manifest.data == "Picture sets city 1."
    assert (manifest.intended_use, manifest.limits) == ("Clues for reviewers.", ("Not at night.",))
    assert manifest.training["hours"] == 1.5
    assert manifest.training["weights"] == "last epoch"
    # Folders of the machine are nobody's business.
    assert manifest.training["started_from"] == "patrol-n-1/trainable.safetensors"


def test_a_class_of_unknown_scale_is_searched_where_the_others_are_and_that_is_said() -> None:
    result = make_result(board=[0.01, 0.025])
    manifest = plan_trained_manifest(
        "bureau",
        "2",
        record=make_record(classes=["shed", "heap", "board"]),
        result=result,
        weights=RunWeights.BEST,
    )
    assert manifest.gsd_range_m["shed"] == (0.02, 0.03)
    assert manifest.gsd_range_m["heap"] == (0.01, 0.03)
    assert manifest.training["ground_sample_distance_assumed_for"] == "heap"


def test_without_any_known_scale_that_of_usual_drone_photos_is_assumed() -> None:
    assert fill_gsd_ranges_m({}, ["heap"]) == {"heap": ASSUMED_GSD_RANGE_M}


def test_runs_of_earlier_versions_that_know_no_words_are_exported() -> None:
    manifest = plan_trained_manifest(
        "bureau", "2", record=make_record(), result=make_result(), weights=RunWeights.BEST
    )
    assert (manifest.intended_use, manifest.limits) == (None, ())
