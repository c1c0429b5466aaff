"""The report is one safe, self-contained page that says what the inspection found."""

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.receipt import NotPlaced, Outcome, Reason, ReasonCode
from models.manifest import ModelManifest
from service.report.formats import format_area, format_instant
from service.report.model import (
    ErrorEllipse,
    EvidenceFile,
    EvidenceRole,
    ReportContent,
    ReportFile,
    ReportFlight,
    ReportIssue,
    ReportPlace,
)
from service.report.report import render_report, write_report
from service.report.rows import plan_scale_bar_m
from service.report.thumbnails import encode_thumbnail, plan_thumbnail_bytes

HOSTILE = """DCIM/"><script>alert('1')</script>&amp;{{ 7*7 }}.JPG"""
VOID_ELEMENTS = {"meta", "link", "img", "input", "br"}
START = datetime(2026, 11, 20, 2, 11, tzinfo=UTC)
MODEL = ModelManifest(
    name="made-up",
    version="1",
    classes=("exposed_garbage", "damaged_billboard", "illegal_structure"),
    input_size_px=512,
    gsd_range_m={"exposed_garbage": (0.006, 0.03)},
    street_long_side_px=1280,
    min_confidence={"exposed_garbage": 0.35},
    weights_sha256="0" * 64,
    licence="AGPL-3.0-or-later",
    data="",
    metrics={},
)
GARBAGE, BILLBOARD = "exposed_garbage", "damaged_billboard"


class Page(HTMLParser):
    """Collects the elements of a page with their attributes, and checks that they nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID_ELEMENTS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [a for _, a in self.elements if name in (a.get("class") or "").split()]


def make_place(*, east: float = 0.0) -> ReportPlace:
    return ReportPlace(
        latitude_deg=30.2741,
        longitude_deg=120.1551 + east,
        ce90_m=3.21,
        ellipse=ErrorEllipse(semi_major_m=4.0, semi_minor_m=2.0, azimuth_deg=71.0),
        method="flat_ground_at_takeoff",
    )


def make_issue(number: int = 1, **changes: object) -> ReportIssue:
    issue = ReportIssue(
        id=f"00000000-0000-0000-0000-{number:012d}",
        class_name=GARBAGE,
        confidence=0.8,
        place=make_place(),
        observation_count=3,
        first_seen=START,
        last_seen=START + timedelta(minutes=2),
        flight_ids=("flight",),
        photo_sha256s=("photo",),
    )
    return replace(issue, **changes)


def make_file(path: str = "DCIM/DJI_0001.JPG", **changes: object) -> ReportFile:
    file = ReportFile(
        path=path,
        outcome=Outcome.ACCEPTED,
        reasons=(),
        sha256="photo",
        captured_at=START,
        position_wgs84=(120.1551, 30.2741),
        footprint_wgs84=((120.155, 30.274), (120.156, 30.274), (120.156, 30.275)),
        gsd_m=0.021,
    )
    return replace(file, **changes)


def make_content(
    *issues: ReportIssue, files: tuple[ReportFile, ...] | None = None
) -> ReportContent:
    flight = ReportFlight(
        id="flight", camera="DJI", photo_count=1, started_at=START, ended_at=START
    )
    return ReportContent(
        issues=issues,
        files=(make_file(),) if files is None else files,
        flights=(flight,),
        model=MODEL,
        code_version="0.1.0",
    )


def write_noise(folder: Path, *, side_px: int = 800) -> tuple[EvidenceFile, ...]:
    """Write a picture that compresses worse than any photo, as crop and as photo."""
    noise = np.random.default_rng(1).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / "noise.jpg"), noise)
    return tuple(
        EvidenceFile(
            role=role,
            path="noise.jpg",
            sha256="",
            photo_sha256="photo",
            detection_id="",
            width_px=side_px,
            height_px=side_px,
            box_px=(200, 200, 600, 400),
        )
        for role in (EvidenceRole.CROP, EvidenceRole.PHOTO)
    )


def pictures(page: str) -> Iterator[bytes]:
    for data in re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page):
        yield base64.b64decode(data)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_is_whole_and_its_elements_nest(tmp_path: Path, language: str) -> None:
    not_placed = make_issue(2, place=NotPlaced(code=ReasonCode.NO_GPS, detail="no tag"))
    suppressed = make_issue(3, suppressed_by="permit 7", grid_id="33010600", grid_certain=False)
    issues = (make_issue(1, evidence=write_noise(tmp_path)), not_placed, suppressed)
    page = Page(render_report(make_content(*issues), folder=tmp_path, language=language))
    assert len(page.with_class("issue")) == 3
    assert len(page.with_class("mark")) == 2
    assert len(page.with_class("footprint")) == 1


def test_nothing_is_asked_of_the_network(tmp_path: Path) -> None:
    content = make_content(make_issue(evidence=write_noise(tmp_path)))
    text = render_report(content, folder=tmp_path, language="en")
    for tag, attributes in Page(text).elements:
        assert tag not in {"iframe", "object", "embed", "base", "audio", "video"}
        assert (attributes.get("src") or "data:").startswith("data:")
        if tag == "link":
            assert attributes["href"] == "data:,"
        assert not (attributes.get("href") or "").startswith(("http", "//", "javascript"))
    assert "url(" not in text
    assert "@import" not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy[1]


def test_what_comes_from_files_is_shown_and_never_run(tmp_path: Path) -> None:
    files = (
        make_file(HOSTILE, reasons=(Reason(code=ReasonCode.BAD_VALUE, detail=HOSTILE),)),
        make_file("b.jpg", sha256="b", duplicate_of=HOSTILE),
    )
    issue = make_issue(
        class_name=HOSTILE,
        grid_id=HOSTILE,
        responsible_unit=HOSTILE,
        suppressed_by=HOSTILE,
        evidence=(replace(write_noise(tmp_path)[0], path=HOSTILE),),
    )
    text = render_report(make_content(issue, files=files), folder=tmp_path, language="en")
    page = Page(text)
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert "<script>alert" not in text
    assert "49.JPG" not in text
    assert page.with_class("issue")[0]["data-grid"] == HOSTILE


def test_a_file_name_of_broken_bytes_does_not_stop_the_report(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(make_content(files=(make_file("a\udcff.jpg"),)), path, language="en")
    assert "a?.jpg" in path.read_text(encoding="utf-8")


def test_equal_content_gives_equal_bytes_and_no_run_time(tmp_path: Path) -> None:
    content = make_content(make_issue(evidence=write_noise(tmp_path)))
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    write_report(content, first, language="zh")
    write_report(content, second, language="zh")
    assert first.read_bytes() == second.read_bytes()
    assert str(datetime.now(tz=UTC).date()) not in first.read_text(encoding="utf-8")


def test_a_report_says_that_it_lists_clues(tmp_path: Path) -> None:
    english = render_report(make_content(make_issue()), folder=tmp_path, language="en")
    chinese = render_report(make_content(make_issue()), folder=tmp_path, language="zh")
    assert "detected automatically" in english
    assert "unverified on site" in english
    assert "未经现场核实" in chinese
    assert "暴露垃圾" in chinese
    assert '<html lang="zh-Hans">' in chinese


def test_reasons_come_with_advice_once_and_with_every_file(tmp_path: Path) -> None:
    reasons = (Reason(code=ReasonCode.NO_GPS),)
    files = tuple(make_file(f"{i}.jpg", sha256=str(i), reasons=reasons) for i in range(5))
    text = render_report(make_content(files=files), folder=tmp_path, language="en")
    assert text.count("Wait for a satellite fix before take-off") == 1
    assert text.count(">No GPS position</a>") == 5


@pytest.mark.parametrize(
    ("language", "refined", "doubt"),
    [("en", "put right from overlapping photos", "Height not verified"),
     ("zh", "据重叠照片校正", "高度未经核实")],
)  # fmt: skip
def test_an_issue_tells_whether_it_was_refined_and_what_makes_it_doubtful(
    tmp_path: Path, language: str, refined: str, doubt: str
) -> None:
    sure = make_issue(1)
    doubtful = replace(make_place(), is_refined=True, doubts=(ReasonCode.HEIGHT_UNVERIFIED,))
    content = make_content(sure, files=())
    page = render_report(content, folder=tmp_path, language=language)
    assert refined not in page
    assert doubt not in page
    content = make_content(make_issue(1, place=doubtful), files=())
    page = render_report(content, folder=tmp_path, language=language)
    assert page.count(refined) == 1
    assert f'<a href="#reason-height_unverified">{doubt}</a>' in page


def test_a_place_that_is_as_unsure_on_all_sides_has_no_long_axis(tmp_path: Path) -> None:
    circle = ErrorEllipse(semi_major_m=27.2, semi_minor_m=27.1, azimuth_deg=0.0)
    issues = make_issue(1), make_issue(2, place=replace(make_place(), ellipse=circle, ce90_m=27.1))
    page = render_report(make_content(*issues), folder=tmp_path, language="en")
    assert "CE90 3.2 m; ellipse 4.0 × 2.0 m (half axes), long axis at 71°" in page
    assert "CE90 27 m, alike in all directions" in page


def test_a_flight_of_one_minute_tells_it_once(tmp_path: Path) -> None:
    page = render_report(make_content(make_issue()), folder=tmp_path, language="en")
    assert "2026-11-20 02:11 (UTC)" in page
    assert "02:11 – 02:11" not in page


def test_the_surest_clue_is_number_one_and_permits_come_last(tmp_path: Path) -> None:
    issues = (
        make_issue(1, confidence=0.5),
        make_issue(2, confidence=0.9),
        make_issue(3, confidence=0.99, suppressed_by="permit"),
    )
    page = Page(render_report(make_content(*issues), folder=tmp_path, language="en"))
    rows = page.with_class("issue")
    assert [row["data-confidence"] for row in rows] == ["0.9000", "0.5000", "0.9900"]
    assert [row["id"] for row in rows] == ["issue-1", "issue-2", "issue-3"]


def test_a_run_without_findings_and_positions_is_still_a_report(tmp_path: Path) -> None:
    file = make_file(position_wgs84=None, footprint_wgs84=None, captured_at=None, gsd_m=None)
    content = replace(make_content(files=(file,)), flights=())
    text = render_report(content, folder=tmp_path, language="en")
    assert "Nothing was found" in text
    assert "there is no map" in text


def test_a_lost_picture_leaves_a_gap_not_an_error(tmp_path: Path) -> None:
    (evidence, _) = write_noise(tmp_path)
    issue = make_issue(evidence=(replace(evidence, path="gone.jpg"),))
    assert "No picture" in render_report(make_content(issue), folder=tmp_path, language="en")


@pytest.mark.slow
def test_500_findings_stay_under_25_mb_with_thumbnails_of_30_kb(tmp_path: Path) -> None:
    evidence = write_noise(tmp_path)
    issues = [make_issue(i, evidence=evidence, place=make_place(east=i * 1e-5)) for i in range(500)]
    path = tmp_path / "report.html"
    write_report(make_content(*issues), path, language="zh")
    sizes = [len(picture) for picture in pictures(path.read_text(encoding="utf-8"))]
    assert len(sizes) == 500
    assert max(sizes) <= 30_000
    assert path.stat().st_size < 25_000_000


@pytest.mark.slow
def test_thousands_of_photos_stay_a_light_page(tmp_path: Path) -> None:
    files = tuple(
        make_file(f"{i}.jpg", sha256=str(i), position_wgs84=(120.1551 + i * 1e-5, 30.2741))
        for i in range(5000)
    )
    text = render_report(make_content(files=files), folder=tmp_path, language="en")
    assert len(text) < 4_000_000
    assert len(Page(text).with_class("footprint")) == 0


def test_a_picture_becomes_as_small_as_it_must(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    data, small = encode_thumbnail(noise, 360, 5_000)
    assert len(data) <= 5_000
    assert small.shape[1] / small.shape[0] == pytest.approx(9 / 7, rel=0.05)


def test_thumbnails_share_what_a_page_may_weigh() -> None:
    assert plan_thumbnail_bytes(10) == 30_000
    assert plan_thumbnail_bytes(1000) == 15_000
    assert plan_thumbnail_bytes(1_000_000) is None


@pytest.mark.parametrize(
    ("longest_m", "bar_m"), [(160, 100), (99, 50), (49.9, 20), (1.2, 1), (0.7, 0.5), (2300, 2000)]
)
def test_a_scale_bar_has_a_round_length(longest_m: float, bar_m: float) -> None:
    assert plan_scale_bar_m(longest_m) == bar_m


def test_areas_and_times_are_told_in_units_that_people_use() -> None:
    assert [format_area(area) for area in (812, 25_000, 3_210_000)] == [
        "812 m²",
        "2.5 ha",
        "3.21 km²",
    ]
    assert format_instant(START) == "2026-11-20 02:11 (UTC)"
    china = START.astimezone(timezone(timedelta(hours=8)))
    assert format_instant(china) == "2026-11-20 10:11 (UTC+8)"
    newfoundland = START.astimezone(timezone(-timedelta(hours=3, minutes=30)))
    assert format_instant(newfoundland) == "2026-11-19 22:41 (UTC-3:30)"


@pytest.fixture(scope="module")
def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no chromium on this machine")


def open_page(browser: str, path: Path, fragment: str, profile: Path) -> Page:
    """Return the page after its script has run, as the browser holds it."""
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        f"--user-data-dir={profile}",
        "--virtual-time-budget=2000",
        "--dump-dom",
        f"{path.as_uri()}#{fragment}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return Page(done.stdout)


def shown_numbers(page: Page) -> list[str | None]:
    return [row["data-number"] for row in page.with_class("issue") if "hidden" not in row]


@pytest.mark.slow
def test_the_page_sorts_filters_and_opens_what_its_address_says(
    tmp_path: Path, browser: str
) -> None:
    issues = (
        make_issue(1, confidence=0.9, grid_id="west"),
        make_issue(2, confidence=0.8, class_name=BILLBOARD, place=make_place(east=1e-4)),
        make_issue(3, confidence=0.7, place=NotPlaced(code=ReasonCode.NO_GPS)),
        make_issue(4, confidence=0.6, suppressed_by="permit 12", observation_count=9),
    )
    path = tmp_path / "report.html"
    write_report(make_content(*issues), path, language="en")

    def show(fragment: str) -> list[str | None]:
        return shown_numbers(open_page(browser, path, fragment, tmp_path / "profile"))

    assert show("") == ["1", "2", "3", "4"]
    assert show("sort=confidence") == ["4", "3", "2", "1"]
    assert show("sort=-seen") == ["4", "1", "2", "3"]
    assert show("min=75") == ["1", "2"]
    assert show(f"class={BILLBOARD}") == ["2"]
    assert show("place=not_placed") == ["3"]
    assert show("permits=hidden&place=placed") == ["1", "2"]
    assert show("grid=west") == ["1"]
    assert show("text=permit+12") == ["4"]
    page = open_page(browser, path, "issue-2", tmp_path / "profile")
    assert [row["data-number"] for row in page.with_class("open") if "data-number" in row] == ["2"]
    assert [mark["data-mark"] for mark in page.with_class("selected")] == ["2"]
    # Filtered findings leave the map too.
    page = open_page(browser, path, "min=85", tmp_path / "profile")
    assert [m["data-mark"] for m in page.with_class("mark") if "hidden" not in m] == ["1"]
