"""What is printed in the end: findings with their places, and files that do not count."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from inference.receipt import NotPlaced, ReasonCode
from service.api.findings import render_findings
from service.inspecting.issue_record import issue_record
from service.store.findings import StoredFinding
from service.translations import Language, read_texts
from service.upload.receipt import ReceiptFigures, ReceiptLine
from service.upload.summary import describe_findings, describe_lines
from tests.service.inspecting.test_result import make_issue, make_result, make_view


def features(*, placed: bool) -> list[Mapping[str, object]]:
    """Return what the API answers of one finding in the middle of a photo taken straight down."""
    issue = make_issue("photo")
    if not placed:
        issue = replace(issue, position=NotPlaced(code=ReasonCode.NO_HEIGHT))
    record = issue_record(issue, make_result(issue, {"photo": make_view(is_refined=False)}), ())
    finding = StoredFinding(id="f", class_name="exposed_garbage", confidence=0.5, record=record)
    answer = json.loads(render_findings([finding]))
    found: list[Mapping[str, object]] = answer["features"]
    return found


@pytest.mark.parametrize("language", Language)
def test_a_finding_is_told_with_the_place_that_the_api_gives(language: Language) -> None:
    (feature,) = found = features(placed=True)
    properties = feature["properties"]
    assert isinstance(properties, dict)
    _, line = describe_findings(found, read_texts(language))
    # Below the camera, which was at 30 N, 120 E.
    assert "30.000000, 120.000000" in line
    assert f"± {properties['position']['accuracy_m']:.1f} " in line


def test_a_finding_without_a_place_is_told_so() -> None:
    _, line = describe_findings(features(placed=False), read_texts(Language.ENGLISH))
    assert line.endswith("not placed")


def test_a_file_has_a_line_for_its_name_and_one_each_for_what_and_what_to_do() -> None:
    line = ReceiptLine(
        name="DCIM/a.jpg",
        outcome="rejected",
        reasons=(
            ("too_small", "8 x 8 pixels", "Give the original."),
            ("of_a_later_server", "", ""),
        ),
    )
    assert describe_lines(ReceiptFigures(lines=(line,)), read_texts(Language.ENGLISH)) == [
        [
            "Rejected: DCIM/a.jpg",
            "         Picture too small (8 x 8 pixels)",
            "         To do: Give the original.",
            "         of_a_later_server",
        ]
    ]
