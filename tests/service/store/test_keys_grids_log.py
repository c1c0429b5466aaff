from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.errors import UnknownRecordError
from service.store.access_log import Access, log_access, read_access_log
from service.store.engine import reading, writing
from service.store.grids import StoredGrid, list_units, read_grids, replace_grids
from service.store.keys import ApiKey, add_key, list_keys, note_key_used, read_key, revoke_key

NOW = datetime(2026, 12, 1, tzinfo=UTC)
KEY = ApiKey(
    id="k1",
    name="巡查",
    secret_sha256="0" * 64,
    roles=("operator", "reviewer"),
    units=("城管",),
    created_at=NOW,
    expires_at=NOW + timedelta(days=90),
)


def test_keys_come_back_as_they_were_and_two_may_have_one_name(engine: Engine) -> None:
    all_units = replace(KEY, id="k0", units=None, created_at=NOW + timedelta(seconds=1))
    none = replace(KEY, id="k2", name="other", units=())
    with writing(engine) as session:
        for key in (all_units, KEY, none):
            add_key(session, key)
    with reading(engine) as session:
        assert read_key(session, "k1") == KEY
        assert read_key(session, "nowhere") is None
        assert list_keys(session, name="巡查") == [KEY, all_units]
        assert list_keys(session) == [KEY, none, all_units]


def test_an_id_of_a_key_is_there_once(engine: Engine) -> None:
    with writing(engine) as session:
        add_key(session, KEY)
    with pytest.raises(IntegrityError), writing(engine) as session:
        add_key(session, replace(KEY, name="other"))


def test_a_key_is_revoked_for_good_and_its_use_noted(engine: Engine) -> None:
    with writing(engine) as session:
        add_key(session, KEY)
        note_key_used(session, "k1", now=NOW)
        revoke_key(session, "k1", now=NOW)
        revoked = revoke_key(session, "k1", now=NOW + timedelta(days=1))
        with pytest.raises(UnknownRecordError):
            revoke_key(session, "nowhere", now=NOW)
    assert (revoked.revoked_at, revoked.last_used_at) == (NOW, NOW)


def make_grid(code: str, unit: str | None) -> StoredGrid:
    shape = shapely.box(120.123456789, 30.0, 120.2, 30.1)
    return StoredGrid(code=code, name="一号", unit=unit, shape=shape)


def test_grids_are_replaced_as_a_whole_and_keep_their_shape(engine: Engine) -> None:
    with writing(engine) as session:
        replace_grids(session, [make_grid("old", "x")])
        replace_grids(session, [make_grid("2", "b"), make_grid("1", None), make_grid("3", "a")])
    with reading(engine) as session:
        grids = read_grids(session)
        assert list_units(session) == ["a", "b"]
    assert [(grid.code, grid.name, grid.unit) for grid in grids] == [
        ("1", "一号", None), ("2", "一号", "b"), ("3", "一号", "a")
    ]  # fmt: skip
    assert shapely.equals_exact(grids[0].shape, make_grid("1", None).shape)


def test_the_access_log_keeps_the_order(engine: Engine) -> None:
    lines = [
        Access(at=NOW, who="k1", action="view_original", object=f"photo/{name}", detail="why")
        for name in ("b", "a", "b")
    ]
    with writing(engine) as session:
        for line in lines:
            log_access(session, line)
    with reading(engine) as session:
        found = read_access_log(session)
        assert [line for _, line in found] == lines
        assert read_access_log(session, after=found[0][0], limit=1) == found[1:2]
        assert len(read_access_log(session, object="photo/b")) == 2


@pytest.mark.parametrize(
    "change", ["DELETE FROM access_log", "UPDATE access_log SET who = 'somebody else'"]
)
def test_the_database_refuses_to_change_the_access_log(engine: Engine, change: str) -> None:
    with writing(engine) as session:
        log_access(session, Access(at=NOW, who="k1", action="look", object="photo/a"))
    with pytest.raises(DBAPIError, match="only ever added to"), writing(engine) as session:
        session.execute(text(change))
    with reading(engine) as session:
        assert [line.who for _, line in read_access_log(session)] == ["k1"]
