import subprocess
import sys
from pathlib import Path

import pytest

from service.errors import CannotStartError
from service.inspecting.folder import LOCK_NAME, STORE_NAME, lock_output, write_atomically


def test_a_second_inspection_of_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        lock_output(tmp_path / "out", fresh=False),
        pytest.raises(CannotStartError, match="another inspection"),
        lock_output(tmp_path / "out", fresh=False),
    ):
        pass


def test_the_folder_is_free_again_afterwards_and_after_a_kill(tmp_path: Path) -> None:
    script = (
        "import os, signal, pathlib, sys\n"
        "from service.inspecting.folder import lock_output\n"
        "with lock_output(pathlib.Path(sys.argv[1]), fresh=False):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "out")], check=False)
    assert killed.returncode == -9
    for _ in range(2):
        with lock_output(tmp_path / "out", fresh=False) as store:
            assert store == tmp_path / "out" / STORE_NAME


@pytest.mark.parametrize("name", [STORE_NAME, LOCK_NAME])
def test_a_store_or_lock_that_is_something_else_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(CannotStartError, match="cannot be"), lock_output(tmp_path, fresh=True):
        pass


def test_a_lock_of_other_content_is_named(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text("no lock of ours")
    with pytest.raises(CannotStartError, match="not a database"), lock_output(tmp_path, fresh=True):
        pass


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("mine")
    with (
        pytest.raises(CannotStartError, match="holds other files"),
        lock_output(tmp_path, fresh=True),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.txt"]


def test_fresh_forgets_the_store_and_nothing_else(tmp_path: Path) -> None:
    for name in (LOCK_NAME, STORE_NAME, f"{STORE_NAME}-wal", "issues.csv"):
        (tmp_path / name).touch()
    with lock_output(tmp_path, fresh=True):
        names = {path.name for path in tmp_path.iterdir()}
        assert "issues.csv" in names
        assert not any(name.startswith(STORE_NAME) for name in names)


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with (
        pytest.raises(CannotStartError, match="cannot be used"),
        lock_output(tmp_path / "out", fresh=False),
    ):
        pass


def test_a_file_is_replaced_whole_and_leaves_no_partial_one(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.json", b"old and long")
    write_atomically(tmp_path / "a.json", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.json", b"new")]
