"""A geocheck in words and figures, for the terminal."""

from collections.abc import Iterator

from rich.cells import cell_len

from inference.geometry.accuracy import PositionStatistics
from service.geocheck.report import (
    count_methods,
    describe_doubts,
    describe_ground,
    format_metres,
    format_signed,
    plan_refusals,
)
from service.geocheck.result import GeocheckResult
from service.report.formats import format_percent
from service.translations import Texts, read_texts

# In cells of a terminal: a Chinese character takes two.
NAME_CELLS, LABEL_CELLS, FIGURE_CELLS = 30, 9, 9
HEADINGS = ("points", "east", "north", "along", "across", "median", "p90", "max", "rmse", "ce90",
            "stated_short")  # fmt: skip
SHOWN_LEVEL = 0.9
MAX_LISTED_PHOTOS = 40


def describe_result(result: GeocheckResult, *, language: str) -> str:
    """Return the figures in `en` or `zh`, a line each."""
    return "\n".join(_lines(result, read_texts(language)))


def label_line(label: str, words: str) -> str:
    """Return a line with its label in front, in line with the others."""
    return _left(label, LABEL_CELLS) + words


def _lines(result: GeocheckResult, texts: Texts) -> Iterator[str]:
    text = texts.geocheck
    compared = result.overall.count if result.overall else 0
    points = text["console_points"].format(
        count=compared, points=len(result.checks), crs=result.truth.crs
    )
    yield label_line(text["points"], points)
    if result.truth.transformation:
        name = result.truth.transformation
        yield label_line("", text["console_transformed"].format(name=name))
    if result.truth.is_rough:
        yield label_line("", text["truth_rough"])
    yield label_line(text["console_ground"], describe_ground(result, texts))
    for line in count_methods(result, texts):
        yield label_line("", line)
    for row in plan_refusals(result, texts):
        yield text["console_left_out"].format(
            count=row.count, title=row.title, line=row.line, example=row.detail or row.photo
        )
    if result.overall is None:
        return
    yield ""
    yield from _table(result, result.overall, texts)
    yield ""
    yield from _ellipses(result.overall, texts)


def _table(result: GeocheckResult, overall: PositionStatistics, texts: Texts) -> Iterator[str]:
    text = texts.geocheck
    inside = text["inside_level"].format(level=format_percent(SHOWN_LEVEL))
    headings = [*(text[key] for key in HEADINGS), inside]
    before = f"  {text['as_stated']}"
    yield _line(text["errors_short"], headings)
    yield _line(text["all"], _cells(overall))
    if result.overall_before is not None:
        yield _line(before, _cells(result.overall_before))
    for photo in result.photos[:MAX_LISTED_PHOTOS]:
        if photo.statistics is not None:
            yield _line(photo.name, _cells(photo.statistics))
        if photo.statistics_before is not None:
            yield _line(before, _cells(photo.statistics_before))
        if photo.reasons:
            doubts = describe_doubts(photo, texts)
            yield f"  {text['console_doubts'].format(doubts=doubts)}"
    if len(result.photos) > MAX_LISTED_PHOTOS:
        yield text["console_more"].format(count=len(result.photos) - MAX_LISTED_PHOTOS)


def _ellipses(overall: PositionStatistics, texts: Texts) -> Iterator[str]:
    text = texts.geocheck
    for coverage in overall.coverages:
        low, high = map(format_percent, coverage.interval)
        low_photo, high_photo = map(format_percent, coverage.interval_by_photo)
        yield text["console_ellipses"].format(
            level=format_percent(coverage.level),
            share=format_percent(coverage.share),
            low=low,
            high=high,
            low_photo=low_photo,
            high_photo=high_photo,
        )
    square = f"{overall.mean_normalised_square:.2f}"
    yield label_line("", text["console_square"].format(value=square))


def _cells(statistics: PositionStatistics) -> list[str]:
    return [
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
        next(format_percent(c.share) for c in statistics.coverages if c.level == SHOWN_LEVEL),
    ]


def _line(name: str, cells: list[str]) -> str:
    return _left(_shorten(name), NAME_CELLS) + "".join(
        " " * (FIGURE_CELLS - cell_len(cell)) + cell for cell in cells
    )


def _left(text: str, cells: int) -> str:
    return text + " " * (cells - cell_len(text))


def _shorten(name: str) -> str:
    """Return a name that leaves a gap after it, with its end, which tells photos apart."""
    if cell_len(name) < NAME_CELLS:
        return name
    end = name[-NAME_CELLS:]
    while cell_len(end) > NAME_CELLS - 2:
        end = end[1:]
    return "…" + end
