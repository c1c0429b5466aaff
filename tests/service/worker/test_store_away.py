"""A store that does not take a change for a while: its disk is full, its server restarts."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from service.store.jobs import JobKind
from service.worker.claims import Claims
from service.worker.run import work
from tests.service.worker.stand_in_worker import open_data, open_shop
from tests.service.worker.taken_in import complete, declare, jobs_left, send_folder

LONGEST_S = 40.0


@contextmanager
def refusing(engine: Engine, wanted: Callable[[str], bool], *, times: int) -> Iterator[list[str]]:
    """Refuse the first so many statements of a sort as a full disk does; give what was refused."""
    refused: list[str] = []

    def refuse(_connection, _cursor, statement, parameters, _context, _many) -> None:
        if wanted(statement) and len(refused) < times:
            refused.append(statement)
            full = sqlite3.OperationalError("database or disk is full")
            raise OperationalError(statement, parameters, full)

    event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield refused
    finally:
        event.remove(engine, "before_cursor_execute", refuse)


@pytest.mark.parametrize("lane", ["receipts", "inspection", "flights"])
def test_work_goes_on_when_the_store_takes_changes_again(
    tmp_path: Path, write_drone_photo: Callable[..., Path], lane: str
) -> None:
    for number in range(3):
        write_drone_photo(tmp_path / "card" / f"{number}.jpg", number=number)
    deployment = open_data(tmp_path / "data")
    shop = open_shop(deployment)
    send_folder(deployment, declare(deployment, "f"), tmp_path / "card")
    complete(deployment, "f")
    until_s = time.monotonic() + LONGEST_S

    def is_claim(sql: str) -> bool:
        return sql.startswith("UPDATE jobs") and threading.current_thread().name == lane

    with refusing(deployment.engine, is_claim, times=2) as refused:
        work(
            shop,
            Event(),
            is_done=lambda: jobs_left(deployment) == 0 or time.monotonic() > until_s,
        )
    assert len(refused) == 2
    assert jobs_left(deployment) == 0
    deployment.close()


def test_a_claim_that_failed_is_not_held(
    tmp_path: Path, write_drone_photo: Callable[..., Path]
) -> None:
    write_drone_photo(tmp_path / "card" / "a.jpg", number=1)
    deployment = open_data(tmp_path / "data")
    shop = open_shop(deployment)
    send_folder(deployment, declare(deployment, "f"), tmp_path / "card")
    claims = Claims(shop, worker="w")
    with (
        refusing(deployment.engine, lambda sql: sql.startswith("UPDATE jobs"), times=1),
        pytest.raises(OperationalError),
    ):
        claims.take([JobKind.RECEIVE], tried=False)
    assert claims.release_all() == 0
    assert len(claims.take([JobKind.RECEIVE], tried=False)) == 1
    deployment.close()
