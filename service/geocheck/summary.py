"""A geocheck in words and figures, for the terminal."""

from collections.abc import Iterator

from inference.geometry.accuracy import PositionStatistics
from service.geocheck.report import format_metres, format_signed, plan_refusals
from service.geocheck.result import GeocheckResult
from service.report_formats import format_percent

NAME_WIDTH = 30
HEADINGS = ("points", "east", "north", "along", "across", "median", "p90", "max", "RMSE", "CE90",
            "stated", "in 90 %")  # fmt: skip
MAX_LISTED_PHOTOS = 40


def describe_result(result: GeocheckResult) -> str:
    """Return the figures, a line each."""
    return "\n".join(_lines(result))


def _lines(result: GeocheckResult) -> Iterator[str]:
    compared = result.overall.count if result.overall else 0
    yield f"points   {compared} of {len(result.checks)} compared; truth in {result.truth.crs}"
    if result.truth.transformation:
        yield f"         to WGS 84 by {result.truth.transformation}"
    yield f"ground   {result.ground or 'taken as flat'}"
    for row in plan_refusals(result):
        example = f"line {row.line} ({row.detail or row.photo})"
        yield f"left out {row.count}: {row.title}, such as {example}"
    if result.overall is None:
        return
    yield ""
    yield f"{'errors in metres':<{NAME_WIDTH}}" + "".join(f"{head:>9}" for head in HEADINGS)
    yield _row("all", result.overall)
    if result.overall_before is not None:
        yield _row("  as stated", result.overall_before)
    for photo in result.photos[:MAX_LISTED_PHOTOS]:
        if photo.statistics is not None:
            yield _row(photo.name, photo.statistics)
        if photo.statistics_before is not None:
            yield _row("  as stated", photo.statistics_before)
    if len(result.photos) > MAX_LISTED_PHOTOS:
        yield f"and {len(result.photos) - MAX_LISTED_PHOTOS} more photos (see --out, --json)"
    yield ""
    for coverage in result.overall.coverages:
        low, high = map(format_percent, coverage.interval)
        low_photo, high_photo = map(format_percent, coverage.interval_by_photo)
        yield (
            f"ellipses {format_percent(coverage.level)} hold {format_percent(coverage.share)} "
            f"({low} to {high} by points, {low_photo} to {high_photo} by photos)"
        )
    yield f"         normalised square {result.overall.mean_normalised_square:.2f}; 1 is right"


def _row(name: str, statistics: PositionStatistics) -> str:
    short = name if len(name) < NAME_WIDTH else "…" + name[-(NAME_WIDTH - 2) :]
    cells = [
        str(statistics.count),
        format_signed(statistics.bias_east_m),
        format_signed(statistics.bias_north_m),
        format_signed(statistics.bias_along_m),
        format_signed(statistics.bias_across_m),
        format_metres(statistics.median_m),
        format_metres(statistics.p90_m),
        format_metres(statistics.max_m),
        format_metres(statistics.rmse_m),
        format_metres(statistics.ce90_m),
        format_metres(statistics.stated_ce90_median_m),
        next(format_percent(c.share) for c in statistics.coverages if c.level == 0.9),
    ]
    return f"{short:<{NAME_WIDTH}}" + "".join(f"{cell:>9}" for cell in cells)
