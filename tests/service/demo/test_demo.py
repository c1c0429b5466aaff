"""The demonstration runs the model that `inspect` runs, and finds what is really there."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from datasets.scenes.flight import FlightPlan, render_flight
from datasets.scenes.plans import demo_plan
from models.openvino_detector import read_openvino_detector
from models.registry import read_model
from service import command_line
from service.command_line import app
from service.demo.flight import DEMO_SEED, compare_with_truth, describe_score
from service.inspecting.inspect import inspect_photos
from service.inspecting.job import InspectModel, InspectOptions
from service.inspecting.progress import SilentReporter
from service.inspecting.result import InspectionResult

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def short_plan() -> FlightPlan:
    """Return the demonstration flight's middle line: three photos, all overlapping."""
    plan = demo_plan()
    return replace(plan, shots=plan.shots[3:6])


def inspect_flight(folder: Path, out: Path) -> InspectionResult:
    found = read_model()
    model = InspectModel(manifest=found.manifest, load=lambda _: read_openvino_detector(found))
    options = InspectOptions(paths=(folder,), output=out)
    return inspect_photos(options, model=model, reporter=SilentReporter())


def test_objects_are_found_and_vanish_with_them(short_plan: FlightPlan, tmp_path: Path) -> None:
    truth = render_flight(short_plan, tmp_path / "with", seed=DEMO_SEED)
    result = inspect_flight(tmp_path / "with", tmp_path / "out-with")
    score = compare_with_truth(result, truth)
    shown = len(score.pairs) + len(score.missed)
    assert len(score.pairs) >= shown / 2, describe_score(score)

    # The middle photo alone: the others show the same ground, and take as long again.
    middle = replace(short_plan, shots=short_plan.shots[1:2])
    render_flight(middle, tmp_path / "without", seed=DEMO_SEED, with_objects=False)
    emptied = inspect_flight(tmp_path / "without", tmp_path / "out-without")
    left = compare_with_truth(emptied, truth)
    assert left.pairs == ()


def test_demo_runs_the_model_that_inspect_runs(
    short_plan: FlightPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "service.demo.flight.demo_plan", lambda: replace(short_plan, shots=short_plan.shots[:1])
    )
    results: list[InspectionResult] = []

    def remember(*args, **options) -> InspectionResult:
        results.append(inspect_photos(*args, **options))
        return results[-1]

    monkeypatch.setattr(command_line, "inspect_photos", remember)
    card = tmp_path / "demo" / "card"
    demo = CliRunner().invoke(app, ["demo", "--out", str(tmp_path / "demo")])
    assert demo.exit_code == 0, demo.output
    inspected = CliRunner().invoke(app, ["inspect", str(card), "--out", str(tmp_path / "out")])
    assert inspected.exit_code == 0, inspected.output

    assert results[0].run == results[1].run
    assert results[0].manifest.weights_sha256 == read_model().manifest.weights_sha256
    name = "issues.geojson"
    demo_bytes = (tmp_path / "demo" / "results" / name).read_bytes()
    assert demo_bytes == (tmp_path / "out" / name).read_bytes()
