"""The receipt in figures: photos apart from what was never meant as any."""

from hypothesis import given
from hypothesis import strategies as st

from service.upload.receipt import ReceiptLine, summarise_receipt


def entry(name: str, outcome: str | None, *codes: str, **more: object) -> dict[str, object]:
    reasons = [{"code": code, "detail": None, "advice": "Do."} for code in codes]
    state = "settled" if outcome else "received"
    return {"name": name, "state": state, "outcome": outcome, "reasons": reasons} | more


def test_figures_and_lines() -> None:
    figures = summarise_receipt(
        [
            entry("a", "accepted"),
            entry("b", "accepted", "duplicate", duplicate_of="a"),
            entry("c", "held", "not_visual_band"),
            entry("d", "rejected", "truncated"),
            entry("e", "rejected", "not_a_photo"),
            entry("f", None),
            entry("g", None, state="announced"),
        ]
    )
    assert (figures.files, figures.accepted, figures.held, figures.rejected) == (7, 2, 1, 1)
    assert (figures.others, figures.duplicates) == (1, 1)
    assert (figures.unanswered, figures.absent) == (1, 1)
    assert [line.name for line in figures.lines] == ["c", "d", "e"]
    assert figures.lines[1] == ReceiptLine(
        name="d", outcome="rejected", reasons=(("truncated", "", "Do."),)
    )


def test_thousands_of_lines_take_no_more_room_than_a_thousand() -> None:
    figures = summarise_receipt(entry(str(n), "rejected", "truncated") for n in range(5000))
    assert (figures.rejected, len(figures.lines)) == (5000, 1000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["name", "state", "outcome", "reasons", "duplicate_of", "other"])


@given(st.lists(st.dictionaries(KEYS, JSON), max_size=5))
def test_no_answer_of_a_server_breaks_it(entries: list[dict[str, object]]) -> None:
    assert summarise_receipt(entries).files == len(entries)
