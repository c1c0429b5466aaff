"""Splits by site, flight, place and time slot: whole groups, and the same ones tomorrow."""

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime

from datasets.picture_set import SPLITS
from datasets.sets.picture_facts import PictureFacts
from datasets.sets.recipe import SplitRule

METRES_PER_DEGREE = 111_195.0  # of a great circle on a sphere of 6,371 km
UNKNOWN = "unknown"


def name_group(rule: SplitRule, facts: PictureFacts, *, flight: str) -> str:
    """Return the group of a picture: pictures that agree in all that the rule names.

    Pictures without a place or time share one group: apart they might be the same scene.

    Args:
        rule: What makes a group.
        facts: Place and time of the picture.
        flight: The picture's folder within its source.
    """
    parts = {
        "site": "all",
        "flight": f"flight_{flight or UNKNOWN}",
        "place": _name_cell(facts, rule.cell_m),
        "time": _name_slot(facts.captured_at, rule.slot_minutes),
    }
    return ".".join(parts[part] for part in rule.by)


def deal_group(group: str, *, shares: Mapping[str, float], seed: int) -> str:
    """Return the split of a group, by its name, the shares and the seed alone.

    No other group matters, so pictures that come later never move an old one.
    """
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    lot = int.from_bytes(digest[:6], "big") / 2**48  # from 0 to below 1, exact in a float
    reached = 0.0
    named = [split for split in SPLITS if shares.get(split, 0.0) > 0]
    for split in named:
        reached += shares[split]
        if lot < reached:
            return split
    return named[-1]  # the shares' sum was rounded to just below 1


def _name_cell(facts: PictureFacts, cell_m: float) -> str:
    """Return the cell of a grid whose rows are `cell_m` high and whose cells are as wide.

    The width in degrees is that at the row's own southern edge, so that all pictures of a
    cell agree on it.
    """
    if facts.latitude is None or facts.longitude is None:
        return f"place_{UNKNOWN}"
    step_deg = cell_m / METRES_PER_DEGREE
    row = math.floor(facts.latitude / step_deg)
    narrowing = max(math.cos(math.radians(min(abs(row * step_deg), 90.0))), 1e-6)
    column = math.floor(facts.longitude / (step_deg / narrowing))
    return f"place_{row}_{column}"


def _name_slot(captured_at: str | None, slot_minutes: int) -> str:
    if captured_at is None:
        return f"time_{UNKNOWN}"
    time = datetime.fromisoformat(captured_at)
    minute = (time.hour * 60 + time.minute) // slot_minutes * slot_minutes
    return f"time_{time:%Y%m%d}_{minute // 60:02}{minute % 60:02}"
