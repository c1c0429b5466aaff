"""Streams of events, whole and cut."""

from hypothesis import given
from hypothesis import strategies as st

from service.upload.server_events import FlightEvent, parse_events

STREAM = """: a comment

id: 4
event: file_settled
data: {"name": "a.JPG",
data: "outcome": "accepted"}

event:concluded
id:5
data:{"findings": 3}

id: 6
event: cut
data: {"""


def test_events_are_read_and_a_cut_one_is_left_out() -> None:
    assert list(parse_events(STREAM.splitlines())) == [
        FlightEvent(seq=4, kind="file_settled", data={"name": "a.JPG", "outcome": "accepted"}),
        FlightEvent(seq=5, kind="concluded", data={"findings": 3}),
    ]


def test_what_is_no_json_is_an_event_without_data() -> None:
    assert list(parse_events(["data: hello", ""])) == [FlightEvent(seq=None, kind="", data={})]


@given(st.lists(st.text()))
def test_any_lines_are_read(lines: list[str]) -> None:
    list(parse_events(lines))
