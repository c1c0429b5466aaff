"""Which model was in force when, who decided so and on what grounds: a list that only grows."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from models.errors import ModelDamagedError


class PromotionKind(StrEnum):
    """How a model came into force."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who decides something, and when.

    Attributes:
        by: As the system knows them; None where it does not.
        at: Time with its zone.
    """

    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A model came into force.

    Attributes:
        model: Its id, such as patrol-n-0.1.0.
        weights_sha256: Of its deployable form at that moment.
        at: Time with its zone.
        by: Who did it, as the system knows them; None where it does not.
        gate_report: File name of the gate's report beside the history; None where no gate was
            asked.
        forced: The gate had refused it, or was not asked.
        reason: In the person's own words, or the gate's.
    """

    model: str
    weights_sha256: str
    kind: PromotionKind
    at: datetime
    by: str | None
    gate_report: str | None
    forced: bool
    reason: str


def standing_promotions(history: Sequence[Promotion]) -> tuple[Promotion, ...]:
    """Return the promotions that are not taken back, the one in force last.

    A rollback takes back the last of them, so that two rollbacks go two steps back rather than
    to and fro.
    """
    standing: list[Promotion] = []
    for one in history:
        if one.kind is PromotionKind.PROMOTE:
            standing.append(one)
            continue
        del standing[-1:]
        # Another one than it went back to: the models of the package have changed since.
        if not standing or standing[-1].model != one.model:
            standing.append(one)
    return tuple(standing)


def format_history(history: Sequence[Promotion]) -> str:
    """Return the JSON text that `parse_history` takes."""
    entries = [{**asdict(one), "at": one.at.isoformat()} for one in history]
    return json.dumps({"promotions": entries}, indent=2, ensure_ascii=False) + "\n"


def parse_history(text: str) -> tuple[Promotion, ...]:
    """Return the promotions in a JSON text, the oldest first.

    Raises:
        ModelDamagedError: It is no such text.
    """
    try:
        return tuple(_promotion_from(entry) for entry in json.loads(text)["promotions"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelDamagedError(
            f"history of promotions: {error!r}; put back a copy of it, or move it away and promote "
            "a model anew"
        ) from error


def _promotion_from(entry: Any) -> Promotion:  # Any: JSON, checked here
    promotion = Promotion(
        **{
            **entry,
            "kind": PromotionKind(entry["kind"]),
            "at": datetime.fromisoformat(entry["at"]),
        }
    )
    texts = (promotion.model, promotion.weights_sha256, promotion.reason)
    optional = (promotion.by, promotion.gate_report)
    if not all(isinstance(text, str) for text in texts) or promotion.at.tzinfo is None:
        raise ValueError(f"an entry of {promotion.at}")
    if not all(text is None or isinstance(text, str) for text in optional):
        raise ValueError(f"an entry of {promotion.at}")
    return promotion
