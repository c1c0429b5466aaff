"""Lines of a receipt as clients get them, and the language they are in."""

from typing import Annotated

from fastapi import Depends, Header, Query

from inference.receipt import Reason
from service.api.flight_models import ReceiptLine, ShownOverride, ShownReason
from service.api.parts import DeploymentPart
from service.store.files import FlightFile
from service.translations import Language, reason_text

_MOST_RANGES = 20  # of Accept-Language; nobody speaks more


def receipt_line(file: FlightFile, language: str) -> ReceiptLine:
    """Return a file's line, with advice in a language."""
    over = file.override
    return ReceiptLine(
        name=file.name,
        bytes=file.byte_count,
        sha256=file.sha256,
        state=file.state,
        outcome=file.outcome,
        reasons=[_shown_reason(reason, language) for reason in file.reasons],
        duplicate_of=file.duplicate_of,
        part_of=file.part_of,
        override=None if over is None else ShownOverride(who=over.who, why=over.why, at=over.at),
    )


def choose_language(accepted: str, *, standard: str) -> str:
    """Return the language of ours that a client likes best (RFC 9110, 12.5.4).

    Args:
        accepted: The field `Accept-Language`; what is not understood counts as not said.
        standard: Where the client says nothing, or likes none of ours.
    """
    liked = []
    for item in accepted.split(",")[:_MOST_RANGES]:
        tag, _, rest = item.strip().partition(";")
        quality = _parse_quality(rest)
        primary = tag.strip().lower().partition("-")[0]
        if quality > 0 and primary in (*Language, "*"):
            liked.append((quality, standard if primary == "*" else primary))
    return max(liked, key=lambda one: one[0], default=(0.0, standard))[1]


def _parse_quality(text: str) -> float:
    name, _, value = text.replace(" ", "").partition("=")
    if name != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def _get_language(
    deployment: DeploymentPart,
    lang: Annotated[Language | None, Query(description="Language of the advice.")] = None,
    accept_language: Annotated[str, Header(max_length=1000)] = "",
) -> str:
    if lang is not None:
        return lang.value
    return choose_language(accept_language, standard=deployment.settings.language)


def _shown_reason(reason: Reason, language: str) -> ShownReason:
    advice = reason_text(reason.code, language).advice
    return ShownReason(code=reason.code.value, detail=reason.detail, advice=advice)


AnswerLanguage = Annotated[str, Depends(_get_language)]
