"""Amounts and messages of an upload in a person's language."""

import math
from collections.abc import Mapping

from service.upload.errors import Message
from service.upload.meter import Progress

_UNITS = ("B", "kB", "MB", "GB", "TB")


def format_bytes(byte_count: float) -> str:
    """Return an amount in units of a thousand, as cards and lines are sold: `8.3 MB`."""
    amount, unit = float(byte_count), 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    digits = 0 if unit == 0 or amount >= 99.5 else 1
    return f"{amount:.{digits}f} {_UNITS[unit]}"


def format_duration(seconds: float, words: Mapping[str, str]) -> str:
    """Return a time left, rounded up, no finer than anybody can know it."""
    if seconds < 60:
        return words["seconds"].format(seconds=max(1, math.ceil(seconds)))
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        return words["minutes"].format(minutes=minutes)
    if minutes >= 100 * 60:
        return words["days"].format(days=math.ceil(minutes / (24 * 60)))
    return words["hours"].format(hours=minutes // 60, minutes=minutes % 60)


def format_message(message: Message, words: Mapping[str, str]) -> str:
    """Return a message in words; facts that are messages themselves are put into words, too."""
    facts = {
        name: format_message(fact, words) if isinstance(fact, Message) else fact
        for name, fact in message.facts.items()
    }
    return words[message.key].format(**facts)


def describe_progress(progress: Progress, words: Mapping[str, str]) -> str:
    """Return how far an upload is, in one line."""
    parts = list[str]()
    if progress.files:
        parts.append(
            words["progress"].format(
                files=progress.files_there,
                of_files=progress.files,
                bytes=format_bytes(progress.bytes_there),
                of_bytes=format_bytes(progress.byte_count),
            )
        )
    if progress.waiting is not None:
        parts.append(words["waiting"].format(why=format_message(progress.waiting, words)))
    elif progress.rate is not None and progress.bytes_there < progress.byte_count:
        parts.append(words["rate"].format(rate=format_bytes(progress.rate)))
        if progress.seconds_left:
            left = format_duration(progress.seconds_left, words)
            parts.append(words["time_left"].format(left=left))
    if progress.troubled:
        parts.append(words["troubled"].format(count=progress.troubled))
    return words["comma"].join(parts)
