"""What a geocheck came to, before it is written in any form."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from inference.geometry.accuracy import PositionErrors, PositionStatistics, summarise_errors
from inference.geometry.view import View
from inference.receipt import NotPlaced, ReasonCode
from service.geocheck.compare import PointCheck, PointError
from service.geocheck.photo_views import PhotoView, PhotoViews
from service.geocheck.true_point import TruthFile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoResult:
    """The points of one photo.

    Attributes:
        number: Of the photo within the report, from 1.
        name: Of the photo, or what the truth file calls one that was not given.
        checks: All of its points.
        methods: How heights were found, by what number of points.
        statistics: As an inspection would place the points; None where it would place none.
        statistics_before: From the pose as stated; None where refinement was not tried.
        reasons: What makes the photo's geometry doubtful.
        refusals: Why points were not compared, and how many.
    """

    number: int
    name: str
    checks: tuple[PointCheck, ...]
    methods: Counter[str]
    statistics: PositionStatistics | None
    statistics_before: PositionStatistics | None
    reasons: tuple[ReasonCode, ...]
    refusals: Counter[ReasonCode]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GeocheckResult:
    """All that the report is written from.

    Attributes:
        truth_name: File name of the truth.
        ground: File name of the ground model, or None where none was given.
        placed_photos: How many of the photos given have a full pose.
        off_ground_model: How many of these a ground model that was given does not reach.
        photos: By name, those that the truth file tells of.
        unused: How many photos were given that it does not tell of.
        is_refined: Whether poses could be put right from overlapping photos.
    """

    truth_name: str
    truth: TruthFile
    ground: str | None
    placed_photos: int
    off_ground_model: int
    checks: tuple[PointCheck, ...]
    photos: tuple[PhotoResult, ...]
    unused: int
    overall: PositionStatistics | None
    overall_before: PositionStatistics | None

    @property
    def is_refined(self) -> bool:
        """Return whether refinement was tried on any photo."""
        return any(check.refined is not None for check in self.checks)

    @property
    def methods(self) -> Counter[str]:
        """Return how points were placed, and how many."""
        return sum((photo.methods for photo in self.photos), Counter())

    @property
    def refusals(self) -> Counter[ReasonCode]:
        """Return why points were not compared, and how many."""
        return sum((photo.refusals for photo in self.photos), Counter())


def conclude_check(
    checks: Sequence[PointCheck],
    views: PhotoViews,
    *,
    truth: TruthFile,
    truth_name: str,
    ground: str | None,
) -> GeocheckResult:
    """Return the result of all points."""
    by_photo: dict[str, list[PointCheck]] = {}
    for check in checks:
        by_photo.setdefault(check.photo or check.truth.photo, []).append(check)
    photos = [
        _photo_result(number, name, by_photo[name], views.photos.get(name))
        for number, name in enumerate(sorted(by_photo), 1)
    ]
    placed = [view for photo in views.photos.values() if isinstance(view := photo.final, View)]
    off_model = [view for view in placed if not view.has_ground_model] if ground else []
    return GeocheckResult(
        truth_name=truth_name,
        truth=truth,
        ground=ground,
        placed_photos=len(placed),
        off_ground_model=len(off_model),
        checks=tuple(checks),
        photos=tuple(photos),
        unused=len(views.photos.keys() - by_photo.keys()),
        overall=_summarise(checks),
        overall_before=_summarise_before(checks),
    )


def _photo_result(
    number: int, name: str, checks: Sequence[PointCheck], view: PhotoView | None
) -> PhotoResult:
    finals = [check.final for check in checks]
    return PhotoResult(
        number=number,
        name=name,
        checks=tuple(checks),
        methods=Counter(f.place.method for f in finals if isinstance(f, PointError)),
        statistics=_summarise(checks),
        statistics_before=_summarise_before(checks),
        reasons=_doubts(view) if view else (),
        refusals=Counter(f.code for f in finals if isinstance(f, NotPlaced)),
    )


def _doubts(view: PhotoView) -> tuple[ReasonCode, ...]:
    """Return each doubt once; when a photo was taken changes nothing about where its points lie."""
    codes = dict.fromkeys(reason.code for reason in view.reasons)
    return tuple(code for code in codes if code is not ReasonCode.TIME_ZONE_UNKNOWN)


def _summarise(checks: Iterable[PointCheck]) -> PositionStatistics | None:
    return _summarise_errors((check.photo or "", check.final) for check in checks)


def _summarise_before(checks: Sequence[PointCheck]) -> PositionStatistics | None:
    if all(check.refined is None for check in checks):
        return None
    return _summarise_errors((check.photo or "", check.stated) for check in checks)


def _summarise_errors(
    found: Iterable[tuple[str, PointError | NotPlaced]],
) -> PositionStatistics | None:
    measured = [(photo, error) for photo, error in found if isinstance(error, PointError)]
    if not measured:
        return None
    numbers = {name: number for number, name in enumerate(sorted({photo for photo, _ in measured}))}
    return summarise_errors(
        PositionErrors(
            offsets_m=np.array([error.offset_m for _, error in measured]),
            covariances_m2=np.array([error.covariance_m2 for _, error in measured]),
            view_azimuths_deg=np.array([error.view_azimuth_deg for _, error in measured]),
            groups=np.array([numbers[photo] for photo, _ in measured], dtype=np.intp),
        )
    )
