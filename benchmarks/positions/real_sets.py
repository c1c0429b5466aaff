"""The rows and limits of the real flights: the same points for everybody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.positions import ours, peers, self_consistency, truth_brighton
from benchmarks.positions.point_sets import PointSet, read_flight_photo
from benchmarks.positions.scores import Answers, Limit, Row, score
from benchmarks.positions.truth_brighton import read_brighton_points
from benchmarks.positions.truth_phantom import read_heights, read_phantom_points
from inference.geometry.ground import Ground, read_ground
from inference.merging.flights import FlightPhoto
from inference.pipeline import FlightPlan
from inference.receipt import ReasonCode
from inference.refinement.refine import refine_views

BRIGHTON_MODEL = "dsm_from_model_laz_0.5m.tif"
FLAT, ON_MODEL = "ours, flat", "ours, surface model"
REFINED_FLAT, REFINED = "ours, flat, refined", "ours, surface model, refined"
ORTHORITY, CAMERATRANSFORM = "orthority, flat", "cameratransform, flat"
ORTHORITY_ON_MODEL = "orthority, loop on surface model"
ORTHORITY_TOLD = "orthority, told true heights"

Progress = Callable[[Row], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Flight:
    """A flight with its truth.

    Attributes:
        model: The surface model's file.
        focal_px: What cameratransform is told.
    """

    sets: Sequence[PointSet]
    photos: Sequence[FlightPhoto]
    model: Path
    focal_px: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """The rows of a flight, the answers behind them, and the reasons of the photos."""

    rows: Sequence[Row]
    answers: dict[str, list[Answers]]
    reasons: dict[str, set[ReasonCode]]

    def row(self, method: str) -> Row:
        """Return the row of a method."""
        return next(row for row in self.rows if row.method == method)


def read_brighton(folder: Path) -> Flight:
    """Return the flight with its tie points."""
    sets = read_brighton_points(folder)
    photos = ours.read_photos(sets)
    metadata = photos[0].metadata
    focal_px = (metadata.lens.focal_length_35mm or 0.0) / 36.0 * metadata.width_px
    return Flight(sets=sets, photos=photos, model=folder / BRIGHTON_MODEL, focal_px=focal_px)


def read_phantom(folder: Path, *, settled_only: bool = True) -> Flight:
    """Return the flight with its grid of pixels."""
    sets = read_phantom_points(folder, settled_only=settled_only)
    photos = ours.read_photos(sets)
    lens = photos[0].metadata.lens
    full_width_px = (lens.calibrated_size_px or (photos[0].metadata.width_px, 0))[0]
    focal_px = (lens.calibrated_focal_px or 0.0) * photos[0].metadata.width_px / full_width_px
    return Flight(sets=sets, photos=photos, model=folder / "dsm.tif", focal_px=focal_px)


def plan_all(flight: Flight, *, is_quick: bool = False) -> dict[str, list[FlightPlan]]:
    """Return our flights by method: over flat ground and the model, as stated and refined.

    The quick run leaves out what is not held against a limit.
    """
    grounds: dict[str, Ground | None] = {FLAT: None, ON_MODEL: read_ground(flight.model)}
    stated = {name: ours.plan_as_stated(flight.photos, ground) for name, ground in grounds.items()}
    refined = {REFINED: ours.refine(stated[ON_MODEL], flight.sets)}
    if is_quick:
        return {ON_MODEL: stated[ON_MODEL], **refined}
    return {**stated, REFINED_FLAT: ours.refine(stated[FLAT], flight.sets), **refined}


def compare(
    title: str, flight: Flight, plans: dict[str, list[FlightPlan]], progress: Progress
) -> Outcome:
    """Return the rows of a flight by everybody."""
    sets, photos = flight.sets, flight.photos
    answers: dict[str, list[Answers]] = {}
    missing = peers.missing_peers()
    if peers.ORTHORITY not in missing:
        heights = read_heights(flight.model)
        answers[ORTHORITY] = peers.answer_orthority(sets, photos)
        answers[ORTHORITY_ON_MODEL] = peers.answer_orthority_on_model(sets, heights)
        answers[ORTHORITY_TOLD] = peers.answer_orthority(sets, photos, true_heights=True)
    if peers.CAMERATRANSFORM not in missing:
        answers[CAMERATRANSFORM] = peers.answer_cameratransform(
            sets, photos, focal_px=flight.focal_px
        )
    for method, plan in plans.items():
        answers[method] = ours.answer(sets, photos, ours.views_of(plan))
    return _summarise(title, answers, ours.reasons_of(plans[REFINED]), progress)


def choose(title: str, outcome: Outcome, names: Sequence[str], progress: Progress) -> Outcome:
    """Return the rows of some photos of a flight."""
    answers = {
        method: [answer for answer in found if answer.photo in names]
        for method, found in outcome.answers.items()
    }
    return _summarise(title, answers, outcome.reasons, progress)


def _summarise(
    title: str,
    answers: dict[str, list[Answers]],
    reasons: dict[str, set[ReasonCode]],
    progress: Progress,
) -> Outcome:
    rows = [score(title, method, found) for method, found in answers.items()]
    for row in rows:
        progress(row)
    return Outcome(rows=rows, answers=answers, reasons=reasons)


def brighton_limits(flight: Flight, all_photos: Outcome, untouched: Outcome) -> list[Limit]:
    """Return the limits of Brighton."""
    turned = {
        photo.name: ReasonCode.TURNED_AFTER_CAPTURE in all_photos.reasons[photo.sha256]
        for photo in flight.photos
    }
    right = [turned[name] == (name in truth_brighton.TURNED) for name in turned]
    return [
        Limit(title="Brighton, all 4 photos, model, refined: median",
              figure=all_photos.row(REFINED).median_m, most=2.5),
        Limit(title="Brighton, all 4 photos, model, refined: p90",
              figure=all_photos.row(REFINED).p90_m, most=4.5),
        Limit(title="Brighton, photos of which it is told rightly whether they are turned",
              figure=float(sum(right)), least=4.0, unit="photos"),
        Limit(title="Brighton, 2 untouched photos, model, refined: median",
              figure=untouched.row(REFINED).median_m, most=1.8),
        Limit(title="Brighton, 2 untouched photos, model, refined: p90",
              figure=untouched.row(REFINED).p90_m, most=3.0),
    ]  # fmt: skip


def phantom_limits(outcome: Outcome) -> list[Limit]:
    """Return the limits of the Phantom 4 RTK's flight."""
    stated, refined = outcome.row(ON_MODEL), outcome.row(REFINED)
    return [
        Limit(title="P4 RTK oblique, model: median", figure=stated.median_m, most=2.0),
        Limit(title="P4 RTK oblique, model: p90", figure=stated.p90_m, most=4.0),
        Limit(title="P4 RTK oblique, model, refined: median", figure=refined.median_m, most=1.2),
        Limit(title="P4 RTK oblique, model, refined: p90", figure=refined.p90_m, most=2.5),
    ]


def measure_mirafiori(folder: Path, progress: Progress) -> list[Limit]:
    """Return the limits of the flight without truth: the same point placed from two photos."""
    photos = [read_flight_photo(path) for path in sorted(folder.glob("DJI_*.JPG"))]
    (plan,) = ours.plan_as_stated(photos, None)
    pairs = self_consistency.read_matches(photos)
    kept, left_out = self_consistency.split_by_place(pairs, plan.views)
    refined = refine_views(plan.views, kept).views
    title = "Mirafiori, 2 photos of a point"
    stated_row = self_consistency.score_pairs(title, FLAT, pairs, plan.views)
    before = self_consistency.score_pairs(
        title, "ours, flat, matches left out", left_out, plan.views
    )
    after = self_consistency.score_pairs(
        title, "ours, refined, matches left out", left_out, refined
    )
    rows = [stated_row, before, after]
    if peers.ORTHORITY not in peers.missing_peers():
        rows.insert(0, self_consistency.score_orthority(title, ORTHORITY, pairs, photos))
    for row in rows:
        progress(row)
    return [
        Limit(title="Mirafiori, as stated: median", figure=stated_row.median_m, most=0.25),
        Limit(title="Mirafiori, as stated: p90", figure=stated_row.p90_m, most=0.52),
        Limit(title="Mirafiori, refined, on matches left out: median",
              figure=after.median_m, most=0.10),
        Limit(title="Mirafiori, refined, on matches left out: p90", figure=after.p90_m, most=0.25),
    ]  # fmt: skip
