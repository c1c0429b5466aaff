"""Ids and hashes depend on what they name and on nothing else."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

import pytest

from inference.identity import NAMESPACE, detection_id, flight_id, round_box, settings_hash


class Mode(StrEnum):
    FAST = "fast"


@dataclass(frozen=True)
class Settings:
    overlap: float
    classes: tuple[str, ...]
    mode: Mode = Mode.FAST


def make_id(
    *,
    photo: str = "aa",
    model: str = "bb",
    settings: str = "cc",
    box: tuple[float, float, float, float] = (1.0, 2.0, 3.0, 4.0),
    class_name: str = "exposed_garbage",
) -> str:
    return detection_id(photo, model, settings, box, class_name)


def test_boxes_are_rounded_to_a_tenth_of_a_pixel_without_negative_zero() -> None:
    assert round_box((1.24, 2.26, -0.01, 9.96)) == (1.2, 2.3, 0.0, 10.0)
    assert str(round_box((-0.01, 0, 1, 1))[0]) == "0.0"


def test_a_detection_id_is_a_uuid5_that_never_changes() -> None:
    # UUIDv5 of the namespace and the JSON text, by the standard library alone.
    text = '["detection", "aa", "bb", "cc", "exposed_garbage", "1.0", "2.0", "3.0", "4.0"]'
    assert make_id() == str(uuid.uuid5(NAMESPACE, text))
    assert uuid.UUID(make_id()).version == 5


def test_boxes_that_round_alike_share_an_id() -> None:
    assert make_id(box=(1.04, 2.0, 3.0, 4.0)) == make_id(box=(0.96, 2.0, 3.0, 4.0))


def test_each_part_of_a_detection_changes_its_id() -> None:
    ids = {
        make_id(),
        make_id(photo="ab"),
        make_id(model="bc"),
        make_id(settings="cd"),
        make_id(box=(1.1, 2.0, 3.0, 4.0)),
        make_id(class_name="illegal_structure"),
    }
    assert len(ids) == 6


def test_a_flight_and_a_detection_never_share_an_id() -> None:
    assert flight_id("aa") != flight_id("ab")
    assert uuid.UUID(flight_id("aa")).version == 5


def test_settings_hash_ignores_the_order_of_keys() -> None:
    assert settings_hash({"a": 1, "b": [1, 2]}) == settings_hash({"b": (1, 2), "a": 1})


def test_settings_hash_of_a_dataclass_is_that_of_its_fields() -> None:
    settings = Settings(overlap=0.2, classes=("x", "y"))
    assert settings_hash(settings) == settings_hash(
        {"overlap": 0.2, "classes": ["x", "y"], "mode": "fast"}
    )
    assert settings_hash(settings) != settings_hash(Settings(overlap=0.25, classes=("x", "y")))


def test_settings_without_a_canonical_form_are_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        settings_hash({"classes": {"x", "y"}})
    with pytest.raises(ValueError, match="JSON"):
        settings_hash({"overlap": float("nan")})
