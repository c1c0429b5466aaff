"""The draft of how a model was made says in sentences what the run wrote down."""

from typing import Any

from training.made_draft import format_made_draft


def make_record(**config: object) -> dict[str, Any]:
    choice = {"tiling": "both", "sources": [], "weight": 1.0}
    found = {"name": "city", "version": "3f", "train": 2886, "val": 462, "left_out": []}
    return {
        "config": {
            "classes": ["heap", "shed"],
            "input_size_px": 512,
            "batch_size": 16,
            "mask_unlabelled": True,
            "frozen_layers": 0,
            "least_pictures_per_class": 0,
            "seed": 5,
            "options": {"lr0": 0.0004},
            "pictures": [choice, {"tiling": "whole", "sources": ["cars"], "weight": 0.5}],
            **config,
        },
        "picture_sets": [found, {**found, "train": 40, "left_out": ["a.jpg: gone"]}],
        "initial_weights": {"origin": "/x/patrol-n-1/trainable.safetensors", "sha256": "ab" * 32},
        "machine": {"gpu": None, "processor": "EPYC", "threads": 2, "precision": "bf16"},
        "code": {
            "skypatrol": "0.2.0",
            "commit": "2f45c22caca90e88c14f",
            "uncommitted_changes": False,
            "torch": "2.14",
            "ultralytics": "8.4",
        },
    }


RESULT = {"seconds": 6120.0, "epochs": 11, "best_epoch": 9, "pictures_an_epoch": 3001}


def test_sets_start_steps_hours_and_machine_are_told() -> None:
    text = format_made_draft(make_record(), RESULT)
    assert "A network for heap, shed, trained at 512 px." in text
    assert "- city 3f: 2,886 pictures and tiles an epoch to learn from; 462 of val;" in text
    assert "only those of cars; a fixed 50% of them; 1 left out" in text
    assert f"from the weights in patrol-n-1/trainable.safetensors (SHA-256 {'ab' * 32})" in text
    assert "11 epochs, each of 3,001 pictures and tiles, in batches of 16; epoch 9 was" in text
    assert "Seed 5; settings of ultralytics: lr0 0.0004." in text
    assert (
        "1.70 hours on EPYC, 2 threads, in bf16, with skypatrol 0.2.0, commit 2f45c22caca9," in text
    )


def test_a_run_that_did_not_count_its_pictures_started_from_scratch_on_a_gpu() -> None:
    record = make_record(frozen_layers=10, least_pictures_per_class=250, options={})
    record["initial_weights"] = {"origin": "scratch", "sha256": None}
    record["machine"]["gpu"] = "H200"
    record["code"] |= {"commit": None, "uncommitted_changes": None}
    counted = {key: value for key, value in RESULT.items() if key != "pictures_an_epoch"}
    text = format_made_draft(record, counted)
    assert "It started from scratch." in text
    assert "It learned for 11 epochs, in batches of 16" in text
    assert "The first 10 layers kept their weights." in text
    assert "repeated up to about 250 a class" in text
    assert "hours on H200, in bf16, with skypatrol 0.2.0, torch" in text
