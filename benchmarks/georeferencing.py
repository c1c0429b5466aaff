"""How far positions are from the truth, beside the peers, and whether the stated ellipses hold.

Run with `python -m benchmarks.georeferencing ../shared`. The folder holds the flights with their
reconstructions; without it only what is drawn here is measured. Exit code 0 where all limits hold.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.positions import laser, peers, real_sets
from benchmarks.positions.coverage import coverage_text, measure_coverage
from benchmarks.positions.real_sets import ON_MODEL, REFINED, choose, compare, plan_all
from benchmarks.positions.residuals import write_residual_plots
from benchmarks.positions.results import read_notes, write_results
from benchmarks.positions.scores import Limit, Row, limit_text, row_text
from benchmarks.positions.speed import measure_speed, speed_text
from benchmarks.positions.truth_brighton import UNTOUCHED
from inference.geometry.view import View

LEAST_COVERAGE, MOST_COVERAGE = 0.85, 0.95
LEAST_RAYS_A_SECOND, LEAST_RATIO = 100_000.0, 20.0
MOST_LASER_HEIGHT_M, MOST_LASER_P90_M = 0.5, 0.5


class Run:
    """What was printed so far, by section, with the limits and what is behind the rows."""

    def __init__(self) -> None:
        self.sections: list[tuple[str, list[str]]] = []
        self.limits: list[Limit] = []
        self.outcomes: dict[str, real_sets.Outcome] = {}

    def begin(self, title: str) -> None:
        """Begin a section."""
        self.sections.append((title, []))
        print(f"\n{title}")

    def say(self, line: str) -> None:
        """Print a line and keep it."""
        self.sections[-1][1].append(line)
        print(line, flush=True)

    def say_row(self, row: Row) -> None:
        """Print a row of the table and keep it."""
        self.say(row_text(row))


def run_real_sets(run: Run, flights: Path, *, is_quick: bool) -> None:
    """Measure the real flights."""
    run.begin("Real flights")
    for name in peers.missing_peers():
        run.say(f"{name} is not installed: its rows are left out (pip install -e .[peers])")
    brighton = real_sets.read_brighton(flights / "brighton_beach")
    plans = plan_all(brighton, is_quick=is_quick)
    title = "Brighton, all 4 photos as they are"
    run.outcomes[title] = compare(title, brighton, plans, run.say_row)
    pair = "Brighton, 2 untouched photos"
    run.outcomes[pair] = choose(pair, run.outcomes[title], UNTOUCHED, run.say_row)
    run.limits += real_sets.brighton_limits(brighton, run.outcomes[title], run.outcomes[pair])
    folder = flights / "orthority_odm_p4rtk"
    phantom = real_sets.read_phantom(folder)
    plans = plan_all(phantom, is_quick=is_quick)
    title = "P4 RTK oblique, 822 points"
    run.outcomes[title] = compare(title, phantom, plans, run.say_row)
    run.limits += real_sets.phantom_limits(run.outcomes[title])
    if not is_quick:
        everywhere = real_sets.read_phantom(folder, settled_only=False)
        title = "P4 RTK oblique, walls too"
        run.outcomes[title] = compare(title, everywhere, plans, run.say_row)
    run.limits += real_sets.measure_mirafiori(flights / "mirafiori_p4m_rtk", run.say_row)
    run_speed(run, phantom, plans)


def run_speed(
    run: Run, phantom: real_sets.Flight, plans: dict[str, list[real_sets.FlightPlan]]
) -> None:
    """Measure rays a second."""
    run.begin("Rays on a surface model")
    has_orthority = peers.ORTHORITY not in peers.missing_peers()
    view = plans[ON_MODEL][0].views[phantom.photos[0].sha256]
    if not isinstance(view, View):
        raise ValueError(f"no view: {view}")
    speed = measure_speed(view, phantom.sets[0].photo, phantom.model, with_loop=has_orthority)
    for line in speed_text(speed):
        run.say(line)
    run.limits.append(
        Limit(title="rays on the model, all at once", figure=speed.ours,
              least=LEAST_RAYS_A_SECOND, unit="a second")
    )  # fmt: skip
    if speed.loop is not None:
        run.limits.append(
            Limit(title="rays on the model, against orthority's loop, per point",
                  figure=speed.ours / speed.loop, least=LEAST_RATIO, unit="times")
        )  # fmt: skip


def run_laser(run: Run, flights: Path | None) -> None:
    """Measure heights by laser."""
    run.begin("Height by laser")
    if flights is not None:
        photos = laser.read_leipzig(flights / "leipzig_h20t_thermal")
        for photo in photos:
            run.say(laser.laser_photo_text(photo))
        run.limits += [
            Limit(title="Leipzig, ground at the middle against LRFTargetAbsAlt, largest",
                  figure=max(photo.height_error_m for photo in photos), most=MOST_LASER_HEIGHT_M),
            Limit(title="Leipzig without laser, photos flagged or doubt covered",
                  figure=laser.doubts_told(photos), least=1.0, unit="share"),
        ]  # fmt: skip
    drawn = laser.measure_drawn_laser()
    run.say(laser.drawn_laser_text(drawn))
    run.limits.append(
        Limit(title="drawn oblique photos with laser, horizontal p90",
              figure=drawn.p90_m, most=MOST_LASER_P90_M)
    )  # fmt: skip


def run_coverage(run: Run, *, is_quick: bool) -> None:
    """Measure how often the ellipses hold the truth."""
    run.begin("Stated 90 % ellipses on drawn flights")
    with tempfile.TemporaryDirectory() as folder:
        for row in measure_coverage(Path(folder), is_quick=is_quick):
            run.say(coverage_text(row))
            run.limits.append(
                Limit(title=f"in 90 % ellipse: {row.title}", figure=row.share,
                      least=LEAST_COVERAGE, most=MOST_COVERAGE, unit="share")
            )  # fmt: skip


def main(arguments: argparse.Namespace) -> int:
    """Print all rows, then the limits; return the exit code."""
    run = Run()
    flights = arguments.shared / "photos" / "flights"
    has_flights = flights.is_dir()
    if has_flights:
        run_real_sets(run, flights, is_quick=arguments.quick)
    else:
        print(f"no flights in {flights}: only what is drawn here is measured")
    run_laser(run, flights if has_flights else None)
    run_coverage(run, is_quick=arguments.quick)
    run.begin("Limits")
    for limit in run.limits:
        run.say(limit_text(limit))
    if arguments.plots is not None:
        for title, outcome in run.outcomes.items():
            shown = {name: outcome.answers[name] for name in (ON_MODEL, REFINED)}
            for path in write_residual_plots(arguments.plots, title, shown):
                print(path)
    if arguments.write is not None:
        write_results(arguments.write, run.sections, read_notes(arguments.write))
    return 0 if all(limit.holds for limit in run.limits) else 1


def parse_arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description="How far positions are off, beside the peers.")
    parser.add_argument("shared", type=Path, nargs="?", default=Path("../shared"))
    parser.add_argument("--quick", action="store_true", help="a part of the rows; under a minute")
    parser.add_argument("--write", type=Path, help="write the results page here")
    parser.add_argument("--plots", type=Path, help="write pictures of the residuals here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(parse_arguments()))
