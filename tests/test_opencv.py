"""Two OpenCV wheels share one `cv2` folder: the headless one must own it."""

import re
from importlib.metadata import version
from pathlib import Path

import cv2


def test_both_wheels_have_one_version() -> None:
    assert version("opencv-python") == version("opencv-python-headless")


def test_cv2_needs_no_libgl() -> None:
    """A server has no libGL.so.1; the build with windows would not import there."""
    library = next(Path(cv2.__file__).parent.glob("cv2*.so"))
    needed = set(re.findall(rb"lib(?:GL|Qt5?|gtk)[A-Za-z0-9_-]*\.so[.0-9]*", library.read_bytes()))
    assert needed == set()


def test_cv2_is_the_headless_build() -> None:
    gui = next(line for line in cv2.getBuildInformation().splitlines() if "GUI:" in line)
    assert "NONE" in gui
