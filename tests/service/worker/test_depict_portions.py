"""Many pictures of one photo are written portion by portion, and come out the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.store.engine import reading
from service.store.findings import read_findings
from tests.service.worker.stand_in_worker import open_data, open_shop
from tests.service.worker.taken_in import complete, declare, send_folder, work_off

SPOTS_PX = ((100, 100), (300, 100), (100, 300), (300, 300))


def evidence_of(card: Path, data: Path) -> list[list[dict[str, Any]]]:
    """Return what pictures each finding has after all work is done."""
    deployment = open_data(data)
    send_folder(deployment, declare(deployment, "f"), card)
    complete(deployment, "f")
    shop = open_shop(deployment)
    work_off(shop)
    with reading(deployment.engine) as session:
        found = [one.record["evidence"] for one in read_findings(session, "f", shop.basis.run.id)]
    deployment.close()
    return found


def test_portions_give_the_pictures_that_one_turn_gives(
    tmp_path: Path, write_drone_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        write_drone_photo(tmp_path / "card" / f"{number}.jpg", number=number, spots_px=SPOTS_PX)
    at_once = evidence_of(tmp_path / "card", tmp_path / "at-once")
    monkeypatch.setattr("service.worker.depict.PORTION_S", 0.0)
    in_portions = evidence_of(tmp_path / "card", tmp_path / "in-portions")
    assert sum(map(len, at_once)) > 4
    assert in_portions == at_once
