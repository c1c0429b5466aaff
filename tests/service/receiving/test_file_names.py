"""Names become labels that stay inside, however they are meant."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.receiving.errors import UnsafeNameError
from service.receiving.file_names import is_hidden, safe_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DCIM/100MEDIA/DJI_0001.JPG", "DCIM/100MEDIA/DJI_0001.JPG"),
        ("DCIM\\100MEDIA\\DJI_0001.JPG", "DCIM/100MEDIA/DJI_0001.JPG"),
        ("./a//b/./c.jpg", "a/b/c.jpg"),
        ("航拍/违章 建筑.jpg", "航拍/违章 建筑.jpg"),
        ("...jpg", "...jpg"),
        ("a\nb\x1b[2J.jpg", "a\\x0ab\\x1b[2J.jpg".replace("\\x", "\\u00")),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("a\udcff.jpg", "a\\xff.jpg"),
        ("12:30:05.png", "12:30:05.png"),
        ("x" * 255, "x" * 255),
    ],
)
def test_names_are_kept_as_paths(name: str, expected: str) -> None:
    assert safe_name(name) == expected


NOT_KEPT = ["a/", "a\0b", "x" * 256, "航" * 86, "ab/" * 400 + "a"]


@pytest.mark.parametrize(
    "name",
    [
        *NOT_KEPT,
        "",
        ".",
        "/",
        "/a",
        "\\a",
        "\\\\s\\a",
        "../a",
        "a/..",
        "a/../../b",
        "C:/a",
        "z:a",
        "./z:/a",
    ],
)
def test_names_that_lead_out_or_cannot_be_kept_are_refused(name: str) -> None:
    with pytest.raises(UnsafeNameError):
        safe_name(name)


@given(
    name=st.text(alphabet=st.one_of(st.sampled_from("./\\:C\0\n"), st.characters()), max_size=30)
)
def test_no_name_leaves_the_folder(name: str) -> None:
    try:
        safe = safe_name(name)
    except UnsafeNameError:
        return
    assert posixpath.normpath(f"/folder/{safe}") == f"/folder/{safe}"
    assert safe.replace("\u3000", "").isprintable()
    # On Windows, too, where drives and backslashes count, it stays where it is.
    assert safe[1:2] != ":" or not safe[0].isascii() or not safe[0].isalpha()


def test_leftovers_are_known() -> None:
    assert is_hidden("__MACOSX/a.jpg")
    assert is_hidden("DCIM/._a.jpg")
    assert not is_hidden("DCIM/a.b.jpg")
