"""The command that makes training pictures from a plan."""

from pathlib import Path

import pytest

from datasets.picture_set import read_picture_set
from service.command_line import main
from tests.datasets.pasting.factories import make_plan_text, write_sources


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit code, what was printed and what was complained of."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    code = stopped.value.code
    assert code is None or isinstance(code, int)
    return code or 0, printed.out, printed.err


def test_pasted_pictures_are_made_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources, plan, out = write_sources(tmp_path / "s"), tmp_path / "plan.toml", tmp_path / "out"
    plan.write_text(make_plan_text(counts="train = 3"), encoding="utf-8")
    code, printed, complaints = run(
        capsys, "dataset", "synthesize", plan, "--out", out, "--root", sources
    )
    assert (code, complaints) == (0, "")
    assert "3 pictures, 0 of them empty; boxes: 3 exposed_garbage" in printed.replace("\n", " ")
    assert len(read_picture_set(out).pictures) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind = ", "no TOML"),
        ('kind = "painted"', "painted"),
        (make_plan_text(), "--root"),
        ('kind = "rendered"\nname = "x"\n[seeds]\ntrain = [1, 2]', "100000"),
    ],
)
def test_a_plan_that_is_no_good_ends_in_one_line(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(text, encoding="utf-8")
    code, _, complaints = run(capsys, "dataset", "synthesize", plan, "--out", tmp_path / "out")
    assert code == 1
    assert message in complaints
    assert "Traceback" not in complaints


def test_an_absent_plan_ends_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "none.toml"
    code, _, complaints = run(capsys, "dataset", "synthesize", plan, "--out", tmp_path / "out")
    assert code == 1
    assert "none.toml" in complaints
