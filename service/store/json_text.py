"""Small values as JSON text, the same text for the same value."""

import json
from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]


def to_json(value: JsonObject | list[str]) -> str:
    """Return the value as text; numbers that are none (NaN) are refused with a ValueError."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, sort_keys=True)


def parse_object(text: str) -> dict[str, Json]:
    """Return the object in a text of ours."""
    value: dict[str, Json] = json.loads(text)
    return value
