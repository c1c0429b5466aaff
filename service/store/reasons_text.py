"""Reasons as JSON text, for the columns `reasons_json`."""

from pydantic import TypeAdapter

from inference.receipt import Reason

_REASONS: TypeAdapter[tuple[Reason, ...]] = TypeAdapter(tuple[Reason, ...])


def format_reasons(reasons: tuple[Reason, ...]) -> str:
    """Return reasons as text."""
    return _REASONS.dump_json(reasons).decode()


def parse_reasons(text: str) -> tuple[Reason, ...]:
    """Return the reasons in a text of ours.

    Raises:
        pydantic.ValidationError: The text is damaged.
    """
    return _REASONS.validate_json(text)
