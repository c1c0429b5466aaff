"""The key comes from a file or a setting, alone on its line, and shows itself nowhere."""

from pathlib import Path

import pytest

from service.access.secrets import Secret
from service.errors import CannotStartError
from service.upload.errors import UploadStoppedError
from service.upload.key_file import read_key

KEY = "sp_0123456789abcdef_" + "x" * 43


def test_a_file_goes_before_the_setting(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert read_key(Secret("other"), tmp_path / "key").reveal() == KEY
    assert read_key(Secret("other"), None).reveal() == "other"


@pytest.mark.parametrize("content", ["", "\n", f"{KEY}\n{KEY}\n", "a b", "ключ", "k\r\nX-Evil: 1"])
def test_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content)
    with pytest.raises(CannotStartError, match="holds no key") as refused:
        read_key(None, tmp_path / "key")
    assert KEY not in str(refused.value)


def test_no_key_and_no_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(UploadStoppedError, match="no_key"):
        read_key(None, None)
    with pytest.raises(CannotStartError, match="cannot be read"):
        read_key(None, tmp_path / "gone")
    with pytest.raises(CannotStartError, match="cannot be read"):
        read_key(None, tmp_path)
