"""What the terminal says of an inspection."""

import re
from collections.abc import Mapping

from service.inspecting.summary import InspectSummary, describe_summary


def make_summary(off_model: Mapping[str, int]) -> InspectSummary:
    """Return a flight of which some photos lie beside the ground model, by what is used instead."""
    return InspectSummary(
        files=9,
        duplicates=0,
        other_files=0,
        photos=9,
        inspected=9,
        held=0,
        rejected=0,
        flights=1,
        issues={"pothole": 2},
        not_placed=0,
        suppressed=0,
        off_ground_model=sum(off_model.values()),
        off_ground_model_methods=dict(off_model),
    )


def test_photos_beside_the_ground_model_say_what_they_were_placed_on() -> None:
    summary = make_summary({"flat_ground_at_takeoff": 1, "ground_seen_in_overlaps": 3})
    assert describe_summary(summary, language="en").splitlines()[-3:] == [
        "ground   does not reach 4 photos; placed there by:",
        "         1 × Flat ground at take-off height",
        "         3 × Line of sight onto the ground that overlapping photos show",
    ]


def test_where_the_ground_model_reaches_all_photos_nothing_is_said_of_it() -> None:
    assert "ground" not in describe_summary(make_summary({}), language="en")


def test_chinese_figures_are_chinese() -> None:
    words = describe_summary(make_summary({"flat_ground_at_takeoff": 1}), language="zh")
    assert words.splitlines()[0] == "照片     已检测 9 张，暂缓 0 张，未使用 0 张，共 1 个架次"
    assert not re.search("[a-z]{3}", words.replace("pothole", ""))
