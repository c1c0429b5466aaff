"""The purge that a server does by itself."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import pytest

from service.deployment import Deployment
from service.operating.purge import BY_ITSELF
from service.operating.purge_clock import start_purge_clock
from service.store.access_log import read_access_log
from service.store.blobs import BlobKind, confirm_blob, read_blob, reserve_blob
from service.store.engine import open_engine, reading, writing

LONGEST_S = 30.0


def test_what_is_over_goes_without_anybody_asking_and_once_a_day(deployment: Deployment) -> None:
    settings = replace(deployment.settings, keep_days={BlobKind.CROP: 1})
    deployment = replace(deployment, settings=settings)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    sha256 = deployment.blobs.put_bytes(b"a crop")
    with writing(deployment.engine) as session:
        reserve_blob(session, sha256, BlobKind.CROP, byte_count=6, now=long_ago)
        confirm_blob(session, sha256, BlobKind.CROP, now=long_ago)

    stopping = Event()
    clock = start_purge_clock(deployment, stopping=stopping, first_after_s=0.0, every_s=0.01)
    wait_until(lambda: bool(purges(deployment)))
    stopping.wait(0.2)  # many rounds of the clock
    stopping.set()
    clock.join(LONGEST_S)
    assert not clock.is_alive()
    assert purges(deployment) == [BY_ITSELF]
    assert not deployment.blobs.exists(sha256)
    with reading(deployment.engine) as session:
        assert read_blob(session, sha256, BlobKind.CROP) is None


def test_a_store_that_does_not_answer_is_logged_and_tried_again(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    away = replace(deployment, engine=open_engine("postgresql://nobody:hush@127.0.0.1:1/nowhere"))
    stopping = Event()
    with caplog.at_level(logging.ERROR):
        clock = start_purge_clock(away, stopping=stopping, first_after_s=0.0, every_s=0.01)
        wait_until(lambda: len(caplog.records) > 1)
        stopping.set()
        clock.join(LONGEST_S)
    assert "the daily purge failed" in caplog.text
    assert not clock.is_alive()


def test_asked_to_stop_before_its_time_it_does_nothing(deployment: Deployment) -> None:
    stopping = Event()
    clock = start_purge_clock(deployment, stopping=stopping)
    stopping.set()
    clock.join(LONGEST_S)
    assert not clock.is_alive()
    assert purges(deployment) == []


def purges(deployment: Deployment) -> list[str]:
    """Return who purged."""
    with reading(deployment.engine) as session:
        return [access.who for _, access in read_access_log(session, object="purge")]


def wait_until(is_so: Callable[[], bool]) -> None:
    pause = Event()
    for _ in range(int(LONGEST_S / 0.02)):
        if is_so():
            return
        pause.wait(0.02)
    raise AssertionError("it never came to be")
