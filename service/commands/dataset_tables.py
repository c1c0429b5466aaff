"""What building and checking picture sets tell a person in a terminal."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.table import Table

from datasets.picture_set import SPLITS
from datasets.sets.build import BUILD_FILE, BuildReport
from datasets.sets.check import CheckReport
from datasets.sets.counts import Count
from datasets.sets.findings import MEANINGS, Finding, Severity
from datasets.taxonomy import CLASS_NAMES
from service.printable import printable_text

WIDTH = 120  # characters; paths of pictures are long
SHOWN_LEFT_OUT = 20


def describe_build(report: BuildReport, *, folder: Path) -> str:
    """Return counts, what was left out, and where the set is."""
    lines = [_render(_count_table(report.counts))]
    for entry in report.left_out[:SHOWN_LEFT_OUT]:
        told = f"left out  {entry.source}/{entry.picture}: {entry.code}, {entry.reason}"
        lines.append(printable_text(told))
    if len(report.left_out) > SHOWN_LEFT_OUT:
        more = len(report.left_out) - SHOWN_LEFT_OUT
        lines.append(f"… and {more} more, all in {folder / BUILD_FILE}")
    if report.reviews is not None:
        found = report.reviews
        lines.append(
            f"reviews   {found.pictures} pictures, {found.replaced} in the place of a source's, "
            f"{found.hard_negatives} rejected proposals, {found.disagreements} disagreements"
        )
    pictures = sum(count.pictures for count in report.counts)
    lines.append(
        f"set       {report.name} {report.version}: {pictures} pictures, "
        f"{len(report.left_out)} left out"
    )
    lines.append(f"folder    {folder.resolve()}")
    return "\n".join(lines)


def describe_check(report: CheckReport, *, rows: int) -> str:
    """Return counts and findings by kind, the first `rows` of each in full."""
    by_code: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_code[finding.code].append(finding)
    lines = [_render(_count_table(report.counts))]
    order = [code for code in MEANINGS if code in by_code]
    order.sort(key=lambda code: MEANINGS[code].severity is not Severity.ERROR)
    for code in order:
        lines += _describe_kind(code, by_code[code], rows=rows)
    lines.append(
        f"{report.name} {report.version}: {report.pictures} pictures, "
        f"{report.count(Severity.ERROR)} errors, {report.count(Severity.WARNING)} warnings"
    )
    return "\n".join(lines)


def _describe_kind(code: str, findings: Sequence[Finding], *, rows: int) -> list[str]:
    meaning = MEANINGS[code]
    lines = [f"{meaning.severity.value:7}  {code}: {len(findings)}; {meaning.advice}"]
    for finding in findings[:rows]:
        places = " ~ ".join(path for path in (finding.picture, finding.other) if path)
        told = f"{places}: {finding.message}" if places else finding.message
        lines.append(printable_text(f"         {told}"))
    if rows and len(findings) > rows:
        lines.append(f"         … and {len(findings) - rows} more; --json prints all")
    return lines


def _count_table(counts: Iterable[Count]) -> Table:
    """Return pictures, negatives and boxes by source and split."""
    table = Table(box=None, pad_edge=False, header_style="")
    for title in ("split", "view", "origin", "source"):
        table.add_column(title, no_wrap=True)
    for title in ("pictures", "groups", "negative", *(name.split("_")[-1] for name in CLASS_NAMES)):
        table.add_column(title, justify="right", no_wrap=True)
    entries = sorted(counts, key=lambda count: (_rank(count.split), count.view, count.source))
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for count in entries:
        boxes = [_show_boxes(count, name) for name in CLASS_NAMES]
        table.add_row(
            *map(printable_text, (count.split, count.view, count.origin, count.source)),
            *map(str, (count.pictures, count.groups, count.negatives)),
            *boxes,
        )
        totals[count.split].update(pictures=count.pictures, negatives=count.negatives)
        totals[count.split].update(count.boxes_by_class)
    for split, total in totals.items():
        sums = [total["pictures"], "", total["negatives"], *(total[name] for name in CLASS_NAMES)]
        table.add_row(printable_text(split), "all", "", "", *map(str, sums))
    return table


def _show_boxes(count: Count, class_name: str) -> str:
    """Return the number of boxes, or a dash where nobody looked for the class."""
    if class_name not in count.looked_for and class_name not in count.boxes_by_class:
        return "-"
    return str(count.boxes_by_class.get(class_name, 0))


def _rank(split: str) -> int:
    return SPLITS.index(split) if split in SPLITS else len(SPLITS)


def _render(table: Table) -> str:
    stream = StringIO()
    Console(file=stream, width=WIDTH, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
