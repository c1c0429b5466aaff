from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.sets.splits_table import SplitAndGroup, parse_splits_table, read_splits_table


def test_rows_are_found_by_folder_and_picture() -> None:
    table = parse_splits_table(["folder,image,split,group", "bins,a/b.jpg,val,walk"])
    assert table == {("bins", "a/b.jpg"): SplitAndGroup(split="val", group="walk")}


def test_a_table_of_one_source_needs_no_folder() -> None:
    assert list(parse_splits_table(["image,split,group", "a.jpg,val,walk"])) == [("", "a.jpg")]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "absent"),
        (["image,split"], "group"),
        (["image,split,group", "a.jpg,valid,g"], "line 2"),
        (["image,split,group", "a.jpg,val,"], "line 2"),
        (["image,split,group", "a.jpg"], "line 2"),
        (["image,split,group", "a.jpg,val,g", "a.jpg,train,g"], "there twice"),
    ],
)
def test_a_wrong_table_is_refused(lines: list[str], complaint: str) -> None:
    with pytest.raises(DatasetError, match=complaint):
        parse_splits_table(lines)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "splits.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match=r"splits\.csv"):
        read_splits_table(tmp_path / "splits.csv")
