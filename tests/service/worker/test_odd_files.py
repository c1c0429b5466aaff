"""Broken photos and hostile archives: each gets its answer, and sound photos beside them theirs."""

from pathlib import Path

import pytest

from benchmarks.faults.odd_files import draw_photo, make_broken_archives, make_odd_files
from inference.receipt import Outcome, ReasonCode
from service.store.engine import reading
from service.store.files import FileState
from service.store.jobs import JobState, list_jobs
from tests.service.worker.stand_in_worker import open_data, open_shop
from tests.service.worker.taken_in import complete, declare, events, receipt, send_folder, work_off

pytestmark = pytest.mark.slow


def test_every_broken_file_is_answered_with_its_reason(tmp_path: Path) -> None:
    files = make_odd_files(60, folder=None, seed=5) | make_broken_archives(seed=5)
    card = tmp_path / "card"
    for name, data in (files | {"sound.jpg": draw_photo(77)}).items():
        (card / name).parent.mkdir(parents=True, exist_ok=True)
        (card / name).write_bytes(data)
    deployment = open_data(tmp_path / "data")
    flight = declare(deployment, "f")
    send_folder(deployment, flight, card)
    complete(deployment, flight)
    work_off(open_shop(deployment))
    with reading(deployment.engine) as session:
        assert list_jobs(session, state=JobState.FAILED) == []
    lines = receipt(deployment, flight)
    deployment_events = events(deployment, flight, "concluded")
    deployment.close()
    assert len(deployment_events) == 1
    assert {line.state for line in lines.values()} == {FileState.SETTLED}
    assert files.keys() <= lines.keys()
    rejected = [line for line in lines.values() if line.outcome is Outcome.REJECTED]
    assert len(rejected) > 20
    assert all(line.reasons for line in rejected)
    assert lines["sound.jpg"].outcome is Outcome.ACCEPTED
    codes = {name: line.reasons[0].code for name, line in lines.items() if line.reasons}
    assert lines["zip/cut.zip"].outcome is Outcome.REJECTED
    assert codes["zip/nested.zip/inner.zip"] is ReasonCode.ARCHIVE_NESTED
    assert codes["zip/climbs.zip/unnamed-1"] is ReasonCode.UNSAFE_NAME
    assert lines["zip/bomb.zip/zeros.jpg"].outcome is Outcome.REJECTED
    assert lines["zip/nested.zip/c.jpg"].outcome is Outcome.ACCEPTED
