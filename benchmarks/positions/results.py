"""The results page: what was printed, with date, machine and versions."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

PACKAGES = ("numpy", "scipy", "opencv-python-headless", "rasterio", "orthority", "cameratransform")


def write_results(path: Path, sections: Sequence[tuple[str, Sequence[str]]], notes: str) -> None:
    """Write the page in Markdown.

    Args:
        path: Of the page.
        sections: Title and printed lines each.
        notes: What a reader must know, in Markdown; kept from the page's last run.
    """
    now = datetime.now(tz=UTC)
    lines = [
        "# How far positions are from the truth",
        "",
        f"Written by `python -m benchmarks.georeferencing` on {now:%Y-%m-%d} "
        f"({_machine()}; {_versions()}).",
        "What the rows mean is told in [benchmarks/README.md](../../benchmarks/README.md).",
    ]
    for title, rows in sections:
        lines += ["", f"## {title}", "", "```", *rows, "```"]
    path.write_text("\n".join(lines) + f"\n\n{NOTES_HEADING}\n\n{notes.strip()}\n")


NOTES_HEADING = "## Notes"


def read_notes(path: Path) -> str:
    """Return the notes that people wrote on a page before; nothing where there are none."""
    if not path.exists():
        return ""
    _, _, notes = path.read_text().partition(NOTES_HEADING)
    return notes


def _machine() -> str:
    names = (
        [
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ]
        if Path("/proc/cpuinfo").exists()
        else [platform.processor()]
    )
    return f"{len(names)} x {names[0]}, {platform.system()}, Python {platform.python_version()}"


def _versions() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)
