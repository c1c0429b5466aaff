import pytest

from datasets.sets.capture import parse_captured_at, parse_degrees


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("2024:04:26 14:53:30", None, "2024-04-26T14:53:30"),
        ("20220723 091946.110", None, "2022-07-23T09:19:46"),  # dashcams write it so
        ("2024:04:26 14:53:30\0", "+08:00", "2024-04-26T14:53:30+08:00"),
        ("2024:04:26 14:53:30", "nonsense", "2024-04-26T14:53:30"),
        ("2024:04:26 14:53:30", "+99:99", "2024-04-26T14:53:30"),
        ("2024:04:26 14:53:30", "-03:75", "2024-04-26T14:53:30"),
        ("0000:00:00 00:00:00", None, None),
        ("2024:02:30 10:00:00", None, None),
        ("yesterday", None, None),
        (None, None, None),
        (17, None, None),
    ],
)
def test_times_are_read_or_unknown(text: object, offset: object, expected: str | None) -> None:
    assert parse_captured_at(text, offset=offset) == expected


@pytest.mark.parametrize(
    ("parts", "reference", "expected"),
    [
        ((24.0, 34.0, 58.21248), "N", 24.5828368),  # 24 + 34/60 + 58.21248/3600
        ((33.0, 30.0, 0.0), "S", -33.5),
        ((33.0, 30.0, 0.0), "", None),
        ((33.0, 30.0), "N", None),
        ((float("nan"), 0.0, 0.0), "N", None),
        ((91.0, 0.0, 0.0), "N", None),
        ((-500.0, 0.0, 0.0), "N", None),
        ("33", "N", None),
        (None, None, None),
    ],
)
def test_latitudes_are_read_or_unknown(
    parts: object, reference: object, expected: float | None
) -> None:
    assert parse_degrees(parts, reference, limit=90) == expected
