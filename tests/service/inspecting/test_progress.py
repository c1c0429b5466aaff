import io

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from service.inspecting.progress import BarReporter, SilentReporter, show_progress


def test_the_bar_counts_photos_and_findings() -> None:
    screen = io.StringIO()
    columns = (
        TextColumn("{task.description} {task.completed:g}/{task.total:g} {task.fields[found]}"),
    )
    with Progress(*columns, console=Console(file=screen, force_terminal=True)) as progress:
        reporter = BarReporter(progress)
        reporter.begin("Reading files", total=1)
        reporter.step()
        reporter.begin("Inspecting photos", total=3)
        reporter.step(found=2)
        reporter.step(found=1)
    last = screen.getvalue()
    assert "Reading files 1/1" in last
    assert "Inspecting photos 2/3 3 found" in last


def test_nothing_is_drawn_where_nobody_looks() -> None:
    with show_progress(quiet=False) as reporter:  # under pytest standard error is no terminal
        assert isinstance(reporter, SilentReporter)
    with show_progress(quiet=True) as reporter:
        assert isinstance(reporter, SilentReporter)


def test_a_line_a_stage_is_written_where_no_bar_can_be_drawn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with show_progress(lines=True) as reporter:
        reporter.begin("Rendering photos", total=13)
        reporter.step()
        reporter.begin("Inspecting photos", total=13)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "Rendering photos: 13\nInspecting photos: 13\n")
