"""What is written of a geocheck: figures, table and page, safe whatever files are called."""

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from inference.receipt import Reason, ReasonCode
from service.geocheck.compare import check_points
from service.geocheck.records import COLUMNS, render_points, render_summary, summary_record
from service.geocheck.report import render_page
from service.geocheck.result import GeocheckResult, conclude_check
from service.geocheck.summary import describe_result
from service.geocheck.true_point import TruePoint, TruthFile
from service.geocheck.truth_table import COLUMNS as TRUTH_COLUMNS
from service.inspecting.progress import SilentReporter
from service.translations import read_texts

if TYPE_CHECKING:
    from tests.service.geocheck.conftest import NadirScene

REPOSITORY = Path(__file__).resolve().parents[3]
HOSTILE = """=cmd|'/C calc'!A0<script>alert("1")</script>{{ 7*7 }}.JPG"""


def conclude(
    scene: "NadirScene", *points: TruePoint, name: str = "gcp.txt", ground: str | None = None
) -> GeocheckResult:
    checks = check_points(points, scene.views, scale=None, reporter=SilentReporter())
    truth = TruthFile(points=points, crs="WGS 84 (EPSG:4326)", transformation=None)
    return conclude_check(checks, scene.views, truth=truth, truth_name=name, ground=ground)


@pytest.fixture
def result(scene: "NadirScene") -> GeocheckResult:
    return conclude(
        scene,
        scene.point(east_m=20.0, error_m=(3.0, -4.0), name="gcp1", height_m=5.5),
        scene.point(photo="DJI_1.JPG", north_m=10.0, line=3),
        scene.point(photo=HOSTILE, line=4, name="gcp2"),
    )


def test_the_figures_are_those_of_the_points(result: GeocheckResult) -> None:
    summary = json.loads(render_summary(result))
    assert (summary["points"], summary["overall"]["points"]) == (3, 2)
    assert summary["not_compared"] == {"photo_not_found": 1}
    assert summary["photos_without_truth"] == 1  # no_pose.JPG
    assert summary["refined"] is False
    assert summary["overall_as_stated"] is None
    assert summary["overall"]["bias_east_m"] == pytest.approx(1.5, abs=0.02)
    assert summary["overall"]["max_m"] == pytest.approx(5.0, abs=0.02)
    assert [ellipse["level"] for ellipse in summary["overall"]["ellipses"]] == [0.5, 0.9, 0.95]
    by_name = {photo["photo"]: photo for photo in summary["photos"]}
    # The truth lies 17 m east and 4 m north of the camera, and 17.464 m away: of the error 3, -4
    # (3 * 17 - 4 * 4) / 17.464 are along and (3 * 4 + 4 * 17) / 17.464 to the right.
    statistics = by_name["DJI_0.JPG"]["statistics"]
    assert statistics["bias_along_m"] == pytest.approx(2.004, abs=0.02)
    assert statistics["bias_across_m"] == pytest.approx(4.581, abs=0.02)
    assert by_name["DJI_0.JPG"]["methods"] == {"flat_ground_at_takeoff": 1}
    assert by_name[HOSTILE]["statistics"] is None


def test_the_table_has_a_line_a_point(result: GeocheckResult) -> None:
    text = render_points(result).decode("utf-8-sig")
    first, second, third = csv.DictReader(io.StringIO(text, newline=""))
    assert (first["name"], first["photo"], first["line"]) == ("gcp1", "DJI_0.JPG", "2")
    assert float(first["error_m"]) == pytest.approx(5.0, abs=0.02)
    assert float(first["true_height_m"]) == 5.5
    assert (second["not_compared"], third["not_compared"]) == ("", "photo_not_found")
    assert third["error_m"] == ""
    assert third["photo"] == f"'{HOSTILE}"  # a spreadsheet must not run it
    assert third["detail"].startswith("no photo is called")


def test_the_page_is_whole_and_runs_nothing(result: GeocheckResult, scene: "NadirScene") -> None:
    page = render_page(
        conclude(scene, *(c.truth for c in result.checks), name=HOSTILE), language="en"
    )
    assert "<script" not in page
    assert "{{ 7*7 }}" in page
    assert "49" not in page.partition("<title>")[2].partition("</title>")[0]
    assert page.count("<svg") == 3
    assert "style=" not in page  # the page's own policy would not apply it
    assert not re.search(r"https?://", page)
    assert "Photo not found" in page
    assert "DJI_0.JPG" in page


def test_a_ground_model_that_reaches_no_photo_is_told_of(
    result: GeocheckResult, scene: "NadirScene"
) -> None:
    # The views of the scene are on flat ground, as they are beside a model.
    elsewhere = conclude(scene, *(check.truth for check in result.checks), ground="taiwan.tif")
    told = "taiwan.tif reaches none of 2 photos: is it of this place?"
    assert told in describe_result(elsewhere, language="en")
    assert f"<strong><bdi>{told}" in render_page(elsewhere, language="en")
    assert "taiwan.tif 未覆盖全部 2 张照片中的任何一张" in describe_result(elsewhere, language="zh")
    assert json.loads(render_summary(elsewhere))["photos_off_ground_model"] == 2
    partly = replace(elsewhere, off_ground_model=1)
    assert "taiwan.tif does not reach 1 of 2 photos" in describe_result(partly, language="en")
    assert "reach" not in describe_result(result, language="en")


def test_the_ground_is_called_what_the_points_were_placed_on(result: GeocheckResult) -> None:
    seen = replace(
        result,
        photos=tuple(
            replace(photo, methods=Counter({"ground_seen_in_overlaps": photo.number}))
            for photo in result.photos
        ),
    )
    lines = describe_result(seen, language="en").splitlines()
    line = lines.index("ground   no ground model given")
    assert lines[line + 1] == (
        "         6 × Line of sight onto the ground that overlapping photos show"
    )
    assert "flat" not in "\n".join(lines).casefold()
    assert "平坦" not in describe_result(seen, language="zh")
    assert json.loads(render_summary(seen))["methods"] == {"ground_seen_in_overlaps": 6}


def test_a_truth_on_another_datum_is_warned_of(result: GeocheckResult) -> None:
    rough = replace(result, truth=replace(result.truth, is_rough=True))
    for language, words in (("en", "tens of metres off"), ("zh", "几十米")):
        assert words in describe_result(rough, language=language)
        assert words in render_page(rough, language=language)
        assert words not in render_page(result, language=language)
    assert json.loads(render_summary(rough))["truth_may_be_tens_of_metres_off"] is True


def test_doubts_are_told_below_their_photo(result: GeocheckResult) -> None:
    hostile, first, *_ = result.photos
    doubted = replace(first, reasons=(ReasonCode.TURNED_AFTER_CAPTURE,))
    lines = describe_result(replace(result, photos=(hostile, doubted)), language="zh").splitlines()
    title = read_texts("zh").reasons[ReasonCode.TURNED_AFTER_CAPTURE].title
    line = next(n for n, line in enumerate(lines) if line.startswith(doubted.name))
    assert lines[line + 1] == f"  存疑：{title}"
    assert sum("存疑" in line for line in lines) == 1


def test_a_time_zone_makes_no_place_doubtful(scene: "NadirScene") -> None:
    view = scene.views.photos["DJI_0.JPG"]
    codes = (ReasonCode.TIME_ZONE_UNKNOWN, ReasonCode.TURNED_AFTER_CAPTURE)
    doubted = replace(
        view, reasons=tuple(Reason(code=code, detail=None) for code in (*codes, *codes))
    )
    views = replace(scene.views, photos={**scene.views.photos, view.name: doubted})
    point = scene.point()
    checks = check_points([point], views, scale=None, reporter=SilentReporter())
    truth = TruthFile(points=(point,), crs="WGS 84 (EPSG:4326)")
    result = conclude_check(checks, views, truth=truth, truth_name="gcp.txt", ground=None)
    assert result.photos[0].reasons == (ReasonCode.TURNED_AFTER_CAPTURE,)


def test_the_docs_name_every_column_and_key(result: GeocheckResult) -> None:
    docs = (REPOSITORY / "docs" / "geocheck.md").read_text(encoding="utf-8")
    summary = summary_record(result)
    records = (summary, summary["photos"][0], summary["overall"], summary["overall"]["ellipses"][0])
    names = {*COLUMNS, *(key for record in records for key in record)}
    names |= {alias for aliases in TRUTH_COLUMNS.values() for alias in aliases}
    assert {name for name in names if not re.search(rf"(`|, |\| ){name}(`|,| \|)", docs)} == set()


def test_equal_results_give_equal_pages(result: GeocheckResult) -> None:
    assert render_page(result, language="zh") == render_page(result, language="zh")


def test_a_page_of_nothing_compared_says_why(scene: "NadirScene") -> None:
    page = render_page(conclude(scene, scene.point(photo="gone.JPG")), language="en")
    assert "<svg" not in page
    assert "Photo not found" in page
    assert "0 of 1 points" in page


def test_the_summary_tells_it_in_words(result: GeocheckResult) -> None:
    text = describe_result(result, language="en")
    assert "points   2 of 3 compared; truth in WGS 84 (EPSG:4326)" in text
    assert "left out 1: Photo not found, such as line 4" in text
    assert "ellipses 90 % hold" in text
    assert re.search(r"^DJI_0\.JPG +1 +\+3\.0\d +-4\.0\d", text, re.MULTILINE)


def test_the_chinese_page_says_all_in_chinese(result: GeocheckResult) -> None:
    page = render_page(result, language="zh")
    assert '<html lang="zh-Hans">' in page
    for term in ("检查点", "偏差", "纵向", "横向", "中误差", "误差椭圆", "平面残差分布"):
        assert term in page
    assert "共 3 个检查点，已检核 2 个" in page
    assert "找不到照片" in page
    assert "按起飞点高度的平坦地面求交" in page
    words = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    for english in ("compared", "points", "stated", "median", "across", "such as"):
        assert not re.search(rf"\b{english}\b", words)


def test_pages_of_both_languages_have_the_same_parts(result: GeocheckResult) -> None:
    english, chinese = (render_page(result, language=name) for name in ("en", "zh"))
    assert re.findall(r"</?\w+", english) == re.findall(r"</?\w+", chinese)


def test_every_figure_has_its_name_beside_it_for_narrow_screens(result: GeocheckResult) -> None:
    page = render_page(result, language="en")
    row = re.search(r'<tr class="all">.*?</tr>', page, re.DOTALL)
    assert row is not None
    labels = re.findall(r'<td data-label="([^"]+)">', row[0])
    assert len(set(labels)) == len(labels) == row[0].count("<td") == 15


def test_columns_of_the_chinese_summary_stand_under_each_other(result: GeocheckResult) -> None:
    lines = describe_result(result, language="zh").splitlines()
    assert lines[0] == "检查点   共 3 个，已检核 2 个；真值坐标系 WGS 84 (EPSG:4326)"
    assert lines[1] == "地面     未提供地面高程模型"
    assert lines[2] == "         2 点：按起飞点高度的平坦地面求交"
    assert lines[3].startswith("未检核 1 个：找不到照片，如第 4 行")
    head = next(n for n, line in enumerate(lines) if "纵向" in line)
    # 30 cells for the name and 9 for each of 12 figures; a Chinese character takes two.
    assert {cell_len(line) for line in lines[head : head + 3]} == {30 + 12 * 9}


def test_long_chinese_names_leave_room_for_the_figures(scene: "NadirScene") -> None:
    result = conclude(scene, scene.point(east_m=20.0))
    photo = replace(result.photos[0], name="巡检照片" * 20 + "7.JPG")
    text = describe_result(replace(result, photos=(photo,)), language="zh")
    line = next(line for line in text.splitlines() if "7.JPG" in line)
    assert line.startswith("…")
    assert cell_len(line) == 30 + 12 * 9
