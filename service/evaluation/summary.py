"""An evaluation in a few lines for the terminal."""

from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table

from service.translations import class_title, read_texts
from training.evaluation.result import ClassScore, Evaluation, Interval, NegativeKind

WIDTH = 110


def describe_evaluations(evaluations: Sequence[Evaluation], *, language: str) -> str:
    """Return a table a part and way: class, boxes, mAP, precision, recall, false alarms, ECE."""
    words = read_texts(language).evaluation
    console = Console(file=StringIO(), width=WIDTH, color_system=None)
    for evaluation in evaluations:
        for part in evaluation.parts:
            if part.source is not None:
                continue
            title = words["console_part"].format(
                origin=words[f"origin_{part.origin}"],
                view=words[f"view_{part.view}"],
                pictures=part.pictures,
                way=words[f"way_{evaluation.head.way}"],
            )
            console.print(title, markup=False, highlight=False)
            console.print(_table(part.classes, language=language))
    file = console.file
    return file.getvalue().rstrip() if isinstance(file, StringIO) else ""


def _table(scores: Sequence[ClassScore], *, language: str) -> Table:
    words = read_texts(language).evaluation
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(words["class"])
    names = (words["boxes"], "mAP50", words["precision"], words["recall"])
    for name in (*names, words["alarms_empty"], "ECE"):
        table.add_column(name, justify="right")
    for score in scores:
        empty = [one for one in score.false_alarms if one.kind is NegativeKind.EMPTY]
        table.add_row(
            class_title(score.class_name, language),
            str(score.boxes),
            _format(score.map50),
            _format(score.operating.precision),
            _format(score.operating.recall),
            _format(empty[0].per_picture if empty else None),
            _format(score.calibration.ece if score.calibration else None),
        )
    return table


def _format(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    if interval.low is None or interval.high is None:
        return f"{interval.value:.2f}"
    return f"{interval.value:.2f} ({interval.low:.2f}–{interval.high:.2f})"
