import pytest

from service.api.byte_ranges import parse_range
from service.api.problems import ProblemError


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("bytes=0-4", (0, 5)),
        ("bytes = 0 - 4", (0, 5)),
        ("bytes=10-", (10, 100)),
        ("bytes=99-99", (99, 100)),
        ("bytes=90-4000", (90, 100)),
        ("bytes=-3", (97, 100)),
        ("bytes=-4000", (0, 100)),
    ],
)
def test_a_part_begins_and_ends_where_it_is_asked(field: str, part: tuple[int, int]) -> None:
    assert parse_range(field, size=100) == part


@pytest.mark.parametrize(
    "field",
    [None, "", "bytes", "bytes=-", "bytes=5-2", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b",
     "bytes=٣-٤", f"bytes=0-{'9' * 30}"],
)  # fmt: skip
def test_what_is_not_understood_counts_as_not_said(field: str | None) -> None:
    assert parse_range(field, size=100) is None


@pytest.mark.parametrize(
    ("field", "size"),
    [("bytes=100-", 100), ("bytes=4000-5000", 100), ("bytes=-0", 100), ("bytes=0-", 0)],
)
def test_a_part_behind_the_last_byte_is_told(field: str, size: int) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_range(field, size=size)
    assert caught.value.kind.status == 416
    assert caught.value.headers == {"Content-Range": f"bytes */{size}"}
