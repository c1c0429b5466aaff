"""The training commands on a machine without the `train` extra."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_without_torch_the_commands_say_in_one_line_how_to_get_it() -> None:
    # None in sys.modules is how Python marks a module that cannot be imported.
    code = (
        "import runpy, sys; sys.modules['torch'] = None; "
        "runpy.run_module('training', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=REPOSITORY
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["training needs torch: run make install-all"]
