"""Figures as they are printed and kept: those that are told, and those that must hold."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

_NOTES = "## Notes"
_MEANING = "What the lines mean is told in [benchmarks/README.md](../../benchmarks/README.md)."


@dataclass(slots=True)
class Figures:
    """Lines, printed as they come.

    Attributes:
        holds: All that must hold does.
    """

    holds: bool = True
    lines: list[str] = field(default_factory=list)

    def tell(self, what: str, figure: str) -> None:
        """A figure to know."""
        self.lines.append(f"        {what:<68} {figure}")
        print(self.lines[-1], flush=True)

    def judge(self, what: str, figure: str, *, holds: bool) -> None:
        """A figure that must hold."""
        self.holds = self.holds and holds
        self.lines.append(f"{'holds' if holds else 'MISSES':<7} {what:<68} {figure}")
        print(self.lines[-1], flush=True)


def write_results(
    path: Path, lines: Sequence[str], *, title: str, command: str, part: str | None = None
) -> None:
    """Write the page in Markdown, with date and machine.

    Notes that people wrote stay, and so do the figures of the other parts where `part` is given:
    parts may be run on different days.
    """
    old = path.read_text() if path.exists() else ""
    told = [
        f"Written by `python -m benchmarks.{command}` on {datetime.now(tz=UTC):%Y-%m-%d} "
        f"({_machine()}).",
        "",
        "```",
        *lines,
        "```",
    ]
    head = [f"# {title}", "", _MEANING, ""]
    before, _, notes = old.partition(_NOTES)
    page = head + told
    if part is not None:
        parts = _read_parts(before) | {part: "\n".join(told)}
        page = head + "\n\n".join(f"## {name}\n\n{parts[name]}" for name in sorted(parts)).split(
            "\n"
        )
    if notes.strip():
        page += ["", _NOTES, "", notes.strip()]
    path.write_text("\n".join(page) + "\n")


def _read_parts(page: str) -> dict[str, str]:
    """Return the text of each part of a page by its heading."""
    sections = [section.partition("\n") for section in f"\n{page}".split("\n## ")[1:]]
    return {name.strip(): text.strip() for name, _, text in sections}


def _machine() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return (
        f"{len(names)} x {names[0]}, {platform.system()}, Python {platform.python_version()}; "
        f"load of the machine at the end {os.getloadavg()[0]:.1f}"
    )
