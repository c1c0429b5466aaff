"""The city's grid replaced by another, with a line in the access log."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from service.store.access_log import Access, log_access
from service.store.engine import writing
from service.store.grids import StoredGrid, replace_grids


def change_grids(engine: Engine, grids: Sequence[StoredGrid], *, who: str, now: datetime) -> None:
    """Keep these cells in place of all earlier ones: all of them, or nothing changes."""
    with writing(engine) as session:
        replace_grids(session, grids)
        detail = f"{len(grids)} cells"
        log_access(
            session, Access(at=now, who=who, action="replace_grids", object="grids", detail=detail)
        )
