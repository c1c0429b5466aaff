"""The demonstration: a rendered flight whose truth is known, inspected like any other."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from datasets.scenes.flight import render_flight
from datasets.scenes.plans import demo_plan
from datasets.scenes.truth import TRUTH_FILE_NAME, FlightTruth, TrueObject
from inference.geometry.uncertainty import circular_error_90_m, full_covariance
from inference.merging.reconcile import CandidateIssue
from inference.sighting import Placement
from service.demo.position_score import PlacedPoint, PositionScore, score_positions
from service.inspecting.progress import Reporter
from service.inspecting.result import InspectionResult
from service.translations import class_title

DEMO_SEED = 20261124
CARD = Path("card") / "DCIM" / "100MEDIA"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFlight:
    """A rendered SD card and the truth about what it shows."""

    card: Path
    truth: FlightTruth


def write_demo_flight(out: Path, *, reporter: Reporter) -> DemoFlight:
    """Render the demonstration flight as an SD card below `out`; the truth lies beside it."""
    folder = out / CARD
    shutil.rmtree(out / CARD.parts[0], ignore_errors=True)
    plan = demo_plan()
    reporter.begin("Rendering photos", total=len(plan.shots))
    truth = render_flight(plan, folder, seed=DEMO_SEED, on_photo=reporter.step)
    (folder / TRUTH_FILE_NAME).replace(out / TRUTH_FILE_NAME)
    return DemoFlight(card=out / CARD.parts[0], truth=truth)


def compare_with_truth(result: InspectionResult, truth: FlightTruth) -> PositionScore:
    """Return which objects were found, and how far off."""
    found = [
        _found_point(issue, issue.position)
        for issue in result.issues
        if isinstance(issue.position, Placement)
    ]
    return score_positions(
        [_true_point(entry) for entry in truth.objects if _is_shown(entry, truth)],
        found,
    )


def _is_shown(entry: TrueObject, truth: FlightTruth) -> bool:
    return any(box.object_id == entry.id for photo in truth.photos for box in photo.boxes)


def _true_point(entry: TrueObject) -> PlacedPoint:
    return PlacedPoint(
        id=str(entry.id),
        class_name=entry.class_name,
        latitude_deg=entry.latitude_deg,
        longitude_deg=entry.longitude_deg,
        extent_m=max(entry.size_m[:2]),
    )


def _found_point(issue: CandidateIssue, place: Placement) -> PlacedPoint:
    return PlacedPoint(
        id=issue.id,
        class_name=issue.class_name,
        latitude_deg=place.latitude_deg,
        longitude_deg=place.longitude_deg,
        ce90_m=circular_error_90_m(full_covariance(place)[:2, :2]),
    )


def show_score(score: PositionScore, result: InspectionResult, *, language: str) -> None:
    """Print findings beside the truth: found, missed, false, and the position's error."""
    views = {issue.id: issue.observation_count for issue in result.issues}
    table = Table("class", "outcome", "views", "off by", "CE90", "within CE90")
    for pair in sorted(score.pairs, key=lambda pair: (pair.true.class_name, pair.distance_m)):
        table.add_row(
            class_title(pair.true.class_name, language),
            "found",
            str(views[pair.found.id]),
            f"{pair.distance_m:.1f} m",
            f"{pair.found.ce90_m:.1f} m",
            "yes" if pair.within_ce90 else "no",
        )
    for point in score.missed:
        table.add_row(class_title(point.class_name, language), "missed")
    for point in score.false:
        title = class_title(point.class_name, language)
        table.add_row(title, "false alarm", str(views[point.id]), "", f"{point.ce90_m:.1f} m")
    console = Console()
    console.print(table)
    console.print(describe_score(score), highlight=False)


def describe_score(score: PositionScore) -> str:
    """Return the comparison in one line."""
    inside = sum(pair.within_ce90 for pair in score.pairs)
    offsets = sorted(pair.distance_m for pair in score.pairs)
    median = f", median {offsets[len(offsets) // 2]:.1f} m off" if offsets else ""
    return (
        f"{len(score.pairs)} of {len(score.pairs) + len(score.missed)} objects found{median}, "
        f"{inside} within their CE90; {len(score.missed)} missed, "
        f"{len(score.false)} false alarms"
    )
