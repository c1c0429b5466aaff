"""The reliability plot of a model card, as an SVG file."""

from collections.abc import Mapping

from training.evaluation.result import CalibrationScore

WIDTH_PX, HEIGHT_PX, LOW_PX, SPAN_PX = 460, 330, 50, 250
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
STYLE = (
    "text{font:12px sans-serif;fill:#333}.end{text-anchor:end}.middle{text-anchor:middle}"
    ".grid{stroke:#ddd;fill:none}.ideal{stroke:#888;stroke-dasharray:5 4}"
)


def draw_reliability(calibrations: Mapping[str, CalibrationScore]) -> str:
    """Return an SVG picture: share of right boxes over score, a line a class.

    Args:
        calibrations: By the class's name as it shall be written.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" '
        f'width="{WIDTH_PX}" height="{HEIGHT_PX}"><style>{STYLE}</style>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        *_axes(),
    ]
    for index, (name, calibration) in enumerate(calibrations.items()):
        parts += _series(name, calibration, index=index)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes() -> list[str]:
    lines = []
    for tenths in range(0, 11, 2):
        x, y = _to_paper(tenths / 10, 0)[0], _to_paper(0, tenths / 10)[1]
        lines.append(
            f'<path class="grid" d="M{x:.0f} {_to_paper(0, 1)[1]:.0f}v{SPAN_PX}'
            f'M{LOW_PX} {y:.0f}h{SPAN_PX}"/>'
            f'<text class="middle" x="{x:.0f}" y="{20 + SPAN_PX + 16}">{tenths / 10}</text>'
            f'<text class="end" x="{LOW_PX - 6}" y="{y + 4:.0f}">{tenths / 10}</text>'
        )
    (x0, y0), (x1, y1) = _to_paper(0, 0), _to_paper(1, 1)
    middle = LOW_PX + SPAN_PX / 2
    return [
        *lines,
        f'<path class="ideal" d="M{x0:.0f} {y0:.0f}L{x1:.0f} {y1:.0f}"/>',
        f'<text class="middle" x="{middle:.0f}" y="{HEIGHT_PX - 14}">score</text>',
        f'<text class="middle" transform="translate(14 {y0 - SPAN_PX / 2:.0f})rotate(-90)">'
        "share of right boxes</text>",
    ]


def _series(name: str, calibration: CalibrationScore, *, index: int) -> list[str]:
    colour = COLOURS[index % len(COLOURS)]
    points = [_to_paper(one.mean_score, one.right_share) for one in calibration.bins]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points
    )
    x, y = LOW_PX + SPAN_PX + 12, 30 + index * 34
    return [
        f'<polyline points="{line}" fill="none" stroke="{colour}"/>{dots}',
        f'<text x="{x}" y="{y}" style="fill:{colour}">{name}</text>'
        f'<text x="{x}" y="{y + 15}">{calibration.detections} detections</text>',
    ]


def _to_paper(score: float, share: float) -> tuple[float, float]:
    return LOW_PX + score * SPAN_PX, 20 + SPAN_PX * (1 - share)
