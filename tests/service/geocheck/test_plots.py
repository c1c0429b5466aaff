import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.geocheck.compare import check_points
from service.geocheck.plots import (
    ARROW_PX,
    PLAN_PX,
    SQUARE_PX,
    format_length,
    plan_calibration_plot,
    plan_residual_plot,
    plan_target_plot,
    round_length_m,
)
from service.geocheck.result import GeocheckResult, conclude_check
from service.geocheck.true_point import TruePoint, TruthFile
from service.inspecting.progress import SilentReporter

if TYPE_CHECKING:
    from tests.service.geocheck.conftest import NadirScene


def conclude(scene: "NadirScene", *points: TruePoint) -> GeocheckResult:
    checks = check_points(points, scene.views, scale=None, reporter=SilentReporter())
    truth = TruthFile(points=points, crs="WGS 84 (EPSG:4326)")
    return conclude_check(checks, scene.views, truth=truth, truth_name="gcp.txt", ground=None)


def test_arrows_lead_from_the_truth_to_the_place_found(scene: "NadirScene") -> None:
    result = conclude(
        scene,
        scene.point(east_m=-20.0, error_m=(2.0, 0.0)),
        scene.point(east_m=20.0, north_m=10.0, error_m=(0.0, 2.0), photo="DJI_1.JPG"),
    )
    plot = plan_residual_plot(result)
    assert plot is not None
    east, north = plot.arrows
    assert east.to_x > east.x
    assert east.to_y == pytest.approx(east.y, abs=1.0)
    assert north.to_y < north.y  # up on paper
    assert north.x > east.x
    assert north.y < east.y
    assert (east.colour, north.colour) == (0, 1)
    assert plot.before == ()
    assert [mark.text for mark in plot.cameras] == ["1", "2"]


def test_the_plan_and_its_bars_have_the_same_scale(scene: "NadirScene") -> None:
    result = conclude(
        scene,
        scene.point(east_m=-20.0, error_m=(2.0, 0.0)),
        scene.point(east_m=20.0, error_m=(2.0, 0.0)),
    )
    plot = plan_residual_plot(result)
    assert plot is not None
    first, second = plot.arrows
    px_per_m = math.hypot(second.x - first.x, second.y - first.y) / 40.0
    metres = float(plot.ground_bar.text.removesuffix(" m"))
    assert plot.ground_bar.length_px == pytest.approx(px_per_m * metres, rel=0.01)
    arrow_px = math.hypot(first.to_x - first.x, first.to_y - first.y)
    assert arrow_px == pytest.approx(2.0 * px_per_m * plot.enlarged, rel=0.02)
    assert ARROW_PX / 2.5 <= arrow_px <= ARROW_PX * 1.05


def test_everything_lies_on_the_paper(scene: "NadirScene") -> None:
    points = [scene.point(east_m=float(e), error_m=(e / 3, 9.0)) for e in range(-30, 31, 5)]
    result = conclude(scene, *points, scene.point(error_m=(900.0, 0.0)))
    plan, target, calibration = (
        plan_residual_plot(result),
        plan_target_plot(result),
        plan_calibration_plot(result),
    )
    assert plan is not None
    assert target is not None
    assert calibration is not None
    assert all(0 < a.x < PLAN_PX[0] and 0 < a.y < PLAN_PX[1] for a in plan.arrows)
    for dot in (*target.dots, *calibration.dots):
        assert 0 < dot.x < SQUARE_PX
        assert 0 < dot.y < SQUARE_PX


def test_an_error_as_large_as_stated_lies_on_the_line(scene: "NadirScene") -> None:
    stated_m = conclude(scene, scene.point()).photos[0].statistics
    assert stated_m is not None
    ce90_m = stated_m.stated_ce90_median_m
    plot = plan_calibration_plot(conclude(scene, scene.point(error_m=(ce90_m, 0.0))))
    assert plot is not None
    # Both axes begin at the lower left corner.
    assert plot.dots[0].x == pytest.approx(plot.size_px - plot.dots[0].y, abs=0.5)


def test_without_compared_points_there_is_nothing_to_draw(scene: "NadirScene") -> None:
    result = conclude(scene, scene.point(photo="gone.JPG"))
    assert plan_residual_plot(result) is None
    assert plan_target_plot(result) is None
    assert plan_calibration_plot(result) is None


@given(longest_m=st.floats(1e-4, 1e6))
def test_round_lengths_are_the_longest_that_fit(longest_m: float) -> None:
    length = round_length_m(longest_m)
    assert length <= longest_m * (1 + 1e-6)
    assert length > longest_m / 2.6
    assert f"{length:.0e}"[0] in "125"


@pytest.mark.parametrize(
    ("length_m", "text"), [(0.05, "5 cm"), (2.0, "2 m"), (500.0, "500 m"), (2000.0, "2 km")]
)
def test_lengths_have_units(length_m: float, text: str) -> None:
    assert format_length(length_m) == text
