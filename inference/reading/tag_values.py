"""Numbers out of the texts that photos hold."""

import math
from collections.abc import Iterable, Mapping

from inference.receipt import Reason, ReasonCode


def parse_number(text: str) -> float:
    """Return the number that a tag's text stands for, such as `+39.80` or `-86831/1600`.

    Raises:
        ValueError: The text is no finite number.
    """
    numerator, slash, denominator = text.strip().partition("/")
    try:
        number = float(numerator) / float(denominator) if slash else float(numerator)
    except ZeroDivisionError as error:
        raise ValueError(f"{text!r} divides by zero") from error
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not finite")
    return number


def parse_numbers(text: str) -> tuple[float, ...]:
    """Return the numbers of a list separated by commas.

    Raises:
        ValueError: One of them is no finite number.
    """
    return tuple(parse_number(part) for part in text.split(","))


def first_text(xmp: Mapping[str, str], names: Iterable[str]) -> str | None:
    """Return the first of these properties that is there and not empty."""
    return next((xmp[name] for name in names if xmp.get(name)), None)


def first_number(
    xmp: Mapping[str, str], names: Iterable[str], reasons: list[Reason]
) -> float | None:
    """Return the first of these properties that is there, or None.

    Args:
        xmp: Properties of the photo.
        names: In the order of preference.
        reasons: A value that is no number is added to them.
    """
    for name in names:
        text = xmp.get(name)
        if not text:
            continue
        try:
            return parse_number(text)
        except ValueError:
            reasons.append(bad_value(name, text))
    return None


def bad_value(name: str, value: object) -> Reason:
    """Return the reason that this value makes no sense."""
    return Reason(code=ReasonCode.BAD_VALUE, detail=f"{name} = {str(value)[:60]}")
