"""Ids that come out the same on every machine and every run."""

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from enum import Enum

# Fixed for good: another value would give every detection ever stored another id.
NAMESPACE = uuid.UUID("e833b57d-6599-5a5f-9253-ad6aa343add3")


def round_box(box: Sequence[float]) -> tuple[float, float, float, float]:
    """Return x_min, y_min, x_max, y_max rounded to 0.1 px, without negative zeros."""
    x_min, y_min, x_max, y_max = (round(float(edge), 1) + 0.0 for edge in box)
    return x_min, y_min, x_max, y_max


def detection_id(
    photo_sha256: str,
    model_sha256: str,
    settings_hash: str,
    box_photo: Sequence[float],
    class_name: str,
) -> str:
    """Return the UUIDv5 of a box: the same photo, model, settings and box give the same id."""
    edges = [f"{edge:.1f}" for edge in round_box(box_photo)]
    parts = ["detection", photo_sha256, model_sha256, settings_hash, class_name, *edges]
    return str(uuid.uuid5(NAMESPACE, json.dumps(parts)))


def flight_id(first_photo_sha256: str) -> str:
    """Return the UUIDv5 of the flight that begins with this photo."""
    return str(uuid.uuid5(NAMESPACE, json.dumps(["flight", first_photo_sha256])))


def settings_hash(settings: object) -> str:
    """Return the SHA-256, in hex, of settings written as canonical JSON.

    Args:
        settings: A dataclass or mapping of plain values; the order of its keys changes nothing.

    Raises:
        TypeError: A value has no canonical form, such as a set or a path.
        ValueError: A number is not finite.
    """
    text = json.dumps(
        _plain_value(settings), sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _plain_value(value: object) -> object:
    """Return the value made of dicts, lists, texts, numbers, booleans and None only."""
    if isinstance(value, Enum):
        return _plain_value(value.value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain_value(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): _plain_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_value(part) for part in value]
    raise TypeError(f"{type(value).__name__} has no canonical form for a settings hash: {value!r}")
