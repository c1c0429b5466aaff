import threading
from pathlib import Path

import pytest

from inference.detection.read_ahead import read_ahead


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("ahead", [0, 1, 5])
def test_results_come_in_the_order_of_the_items(threads: int, ahead: int) -> None:
    pairs = read_ahead(range(10), lambda item: item * item, threads=threads, ahead=ahead)
    assert [(item, future.result()) for item, future in pairs] == [
        (item, item * item) for item in range(10)
    ]


def test_one_bad_item_does_not_end_the_rest(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_text("x", encoding="utf-8")
    items = [good, tmp_path / "absent", good]
    outcomes = [
        type(future.exception()).__name__ for _, future in read_ahead(items, Path.read_text)
    ]
    assert outcomes == ["NoneType", "FileNotFoundError", "NoneType"]


def test_no_more_is_read_than_allowed() -> None:
    started: list[int] = []
    pairs = read_ahead(range(10), started.append, threads=4, ahead=2)
    next(pairs)[1].result()
    # The one yielded and two more; the others were not even asked for.
    assert len(started) <= 3
    pairs.close()


def test_reading_happens_in_another_thread() -> None:
    ((_, future),) = read_ahead([1], lambda _: threading.current_thread().name)
    assert future.result().startswith("read-ahead")
