from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.sets.recipe import SplitRule
from datasets.sets.splitting import deal_group, name_group
from tests.datasets.sets.factories import make_facts

SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}
places = st.tuples(st.floats(-89.9, 89.9), st.floats(-180, 180))
pictures = st.builds(
    make_facts,
    place=st.none() | places,
    captured_at=st.none()
    | st.datetimes().map(lambda time: time.replace(microsecond=0).isoformat()),
)


def make_rule(*by: str, cell_m: float = 100.0, slot_minutes: int = 10) -> SplitRule:
    return SplitRule.model_validate(
        {"by": by, "cell_m": cell_m, "slot_minutes": slot_minutes, "shares": SHARES}
    )


def test_time_slots_begin_at_whole_tens_of_minutes() -> None:
    rule = make_rule("time")
    first = name_group(rule, make_facts(captured_at="2022-07-23T09:19:46"), flight="")
    assert first == "time_20220723_0910"
    assert name_group(rule, make_facts(captured_at="2022-07-23T09:10:00"), flight="") == first
    assert name_group(rule, make_facts(captured_at="2022-07-23T09:20:00"), flight="") != first
    assert name_group(rule, make_facts(captured_at="2022-07-24T09:19:46"), flight="") != first


def test_cells_are_as_wide_as_high_in_metres() -> None:
    # At 60 degrees north a degree of longitude is half as long as one of latitude:
    # 100 m are 0.0009 degrees north and 0.0018 degrees east.
    rule = make_rule("place", cell_m=100.0)
    step_deg = 100 / 111_195
    south = round(60 / step_deg) * step_deg + step_deg / 2
    cells = {
        name_group(rule, make_facts(place=(south, 2 * step_deg * (k + 0.5))), flight="")
        for k in range(10)
    }
    assert len(cells) == 10
    halves = {
        name_group(rule, make_facts(place=(south, step_deg * (k + 0.5))), flight="")
        for k in range(10)
    }
    assert len(halves) == 5


def test_flights_are_folders_and_parts_are_joined() -> None:
    rule = make_rule("flight", "time")
    facts = make_facts(captured_at="2022-07-23T09:19:46")
    assert name_group(rule, facts, flight="north/f1") == "flight_north/f1.time_20220723_0910"


def test_pictures_that_do_not_tell_share_one_group() -> None:
    rule = make_rule("place", "time")
    assert name_group(rule, make_facts(), flight="a") == name_group(rule, make_facts(), flight="b")


@given(st.lists(pictures, max_size=12), st.lists(pictures, max_size=12), st.integers(0, 9))
def test_groups_stay_whole_and_new_pictures_move_no_old_ones(
    old: list[object], new: list[object], seed: int
) -> None:
    rule = make_rule("place", "time")

    def deal(facts: list[object]) -> dict[str, set[str]]:
        splits: dict[str, set[str]] = {}
        for one in facts:
            group = name_group(rule, one, flight="")  # type: ignore[arg-type]
            splits.setdefault(group, set()).add(deal_group(group, shares=SHARES, seed=seed))
        return splits

    before, after = deal(old), deal(new + old)
    assert all(len(splits) == 1 for splits in after.values())
    assert all(after[group] == splits for group, splits in before.items())


def test_shares_are_about_kept_over_many_groups() -> None:
    counts = Counter(deal_group(f"g{k}", shares=SHARES, seed=1) for k in range(5000))
    # Binomial: the standard deviation of 500 of 5000 is 21.
    assert counts["val"] == pytest.approx(500, abs=5 * 21)
    assert counts["test"] == pytest.approx(1000, abs=5 * 28)


def test_another_seed_deals_otherwise_and_a_share_of_nothing_gets_nothing() -> None:
    groups = [f"g{k}" for k in range(50)]
    first = [deal_group(group, shares=SHARES, seed=1) for group in groups]
    assert first != [deal_group(group, shares=SHARES, seed=2) for group in groups]
    whole = {deal_group(group, shares={"train": 1.0, "val": 0.0}, seed=1) for group in groups}
    assert whole == {"train"}
