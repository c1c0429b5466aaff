"""What came of an upload: words for people, one JSON object for scripts."""

import json
from collections.abc import Mapping

from inference.receipt import Outcome, ReasonCode
from service.inspecting.found_files import stable_name
from service.printable import printable_text
from service.translations import Texts, class_title
from service.upload.errors import Message
from service.upload.job import UploadResult
from service.upload.receipt import ReceiptFigures, ReceiptLine
from service.upload.words import format_bytes, format_message

_FILES_SHOWN = 30


def describe_upload(result: UploadResult, texts: Texts) -> str:
    """Return the result in words: figures first, then each file that is not all right."""
    words = texts.upload
    lines = [words["flight"].format(name=result.flight_name, id=result.flight_id)]
    lines.append(_sent_line(result, words))
    receipt = result.receipt
    lines.append(
        words["receipt"].format(
            accepted=receipt.accepted,
            held=receipt.held,
            rejected=receipt.rejected,
            others=receipt.others,
        )
    )
    for key in ("duplicates", "unanswered", "absent"):
        if count := getattr(receipt, key):
            lines.append(words[key].format(count=count))
    quiet = sum(not file.matters for file in result.left_out)
    if quiet:
        lines.append(words["left_out"].format(count=quiet))
    not_sent = [[line] for line in describe_not_sent(result, texts)]
    for group in (not_sent, describe_lines(receipt, texts)):
        lines += _shortened(group, words)
    return "\n".join(printable_text(line) for line in lines)


def describe_not_sent(result: UploadResult, texts: Texts) -> list[str]:
    """Return a line for each file that should be on the server and is not."""
    words = texts.upload
    lines = [
        words["not_sent"].format(name=name, why=format_message(why, words))
        for name, why in sorted(result.troubles.items())
    ]
    for file in result.left_out:
        if file.matters:
            why = _with_detail(texts, file.reason.code.value, file.reason.detail or "")
            lines.append(words["not_sent"].format(name=file.name, why=why))
    return lines


def describe_lines(receipt: ReceiptFigures, texts: Texts) -> list[list[str]]:
    """Return the lines for each held or rejected file: its name, then what and what to do."""
    words = texts.upload
    return [
        [
            words["line"].format(outcome=texts.outcomes[Outcome(line.outcome)], name=line.name),
            *(
                text
                for code, detail, advice in line.reasons
                for text in _reason_lines(texts, code, detail, advice)
            ),
        ]
        for line in receipt.lines
    ]


def _reason_lines(texts: Texts, code: str, detail: str, advice: str) -> list[str]:
    what = texts.upload["what"].format(what=_with_detail(texts, code, detail))
    return [what, texts.upload["to_do"].format(advice=advice)] if advice else [what]


def render_upload(result: UploadResult, texts: Texts) -> str:
    """Return the result as one JSON object."""
    receipt = result.receipt
    return json.dumps(
        {
            "flight": result.flight_id,
            "name": result.flight_name,
            "files": result.files,
            "arrived": result.arrived,
            "bytes": result.byte_count,
            "sent_bytes": result.sent_bytes,
            "earlier_files": result.earlier,
            "receipt": {
                "files": receipt.files,
                "accepted": receipt.accepted,
                "held": receipt.held,
                "rejected": receipt.rejected,
                "others": receipt.others,
                "duplicates": receipt.duplicates,
                "unanswered": receipt.unanswered,
                "absent": receipt.absent,
                "lines": [_line_record(line) for line in receipt.lines],
            },
            "not_sent": [
                {"name": name, "problem": why.key, "text": format_message(why, texts.upload)}
                for name, why in sorted(result.troubles.items())
            ],
            "left_out": [
                {
                    "name": file.name,
                    "reason": file.reason.code.value,
                    "detail": file.reason.detail,
                }
                for file in result.left_out
            ],
        },
        ensure_ascii=False,
    )


def describe_sighting(data: Mapping[str, object], texts: Texts) -> list[Message]:
    """Return a message for each sighting of an event `photo_inspected`."""
    sightings = data.get("sightings")
    found = sightings if isinstance(sightings, list) else []
    name = stable_name(str(data.get("name")))
    return [
        Message("sighting", {"name": name} | _clue(sighting, texts))
        for sighting in found
        if isinstance(sighting, dict)
    ]


def describe_findings(features: list[Mapping[str, object]], texts: Texts) -> list[str]:
    """Return the number of findings and a line for each of the surest.

    Args:
        features: As docs/api.md has them: a finding's place is its property `position`.
        texts: In the person's language.
    """
    words = texts.upload
    found = [
        properties
        for feature in features
        if isinstance(properties := feature.get("properties"), dict)
    ]
    lines = [[words["finding"].format(**_clue(_placed(record), texts))] for record in found]
    return [words["concluded"].format(count=len(features)), *_shortened(lines, words)]


def _placed(record: dict[str, object]) -> dict[str, object]:
    """Return a finding's record with its place where that of a sighting is."""
    position = record.get("position")
    if not isinstance(position, dict):
        return record
    return record | position | {"ce90_m": position.get("accuracy_m")}


def _clue(record: Mapping[str, object], texts: Texts) -> dict[str, object]:
    words, confidence = texts.upload, record.get("confidence")
    latitude, longitude = record.get("latitude"), record.get("longitude")
    place: str = words["not_placed"]
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        ce90_m = record.get("ce90_m")
        place = words["place"].format(
            latitude=latitude,
            longitude=longitude,
            ce90_m=f"{ce90_m:.1f}" if isinstance(ce90_m, int | float) else "?",
        )
    return {
        "class_name": class_title(str(record.get("class")), texts.language),
        "confidence": f"{confidence:.2f}" if isinstance(confidence, int | float) else "?",
        "place": place,
    }


def _sent_line(result: UploadResult, words: Mapping[str, str]) -> str:
    key = "sent" if result.sent_bytes else "sent_before"
    return words[key].format(bytes=format_bytes(result.sent_bytes), files=result.arrived)


def _with_detail(texts: Texts, code: str, detail: str) -> str:
    title = texts.reasons[ReasonCode(code)].title if code in set(ReasonCode) else code
    return texts.upload["detail"].format(title=title, detail=detail) if detail else title


def _line_record(line: ReceiptLine) -> dict[str, object]:
    reasons = [
        {"code": code, "detail": detail or None, "advice": advice or None}
        for code, detail, advice in line.reasons
    ]
    return {"name": line.name, "outcome": line.outcome, "reasons": reasons}


def _shortened(groups: list[list[str]], words: Mapping[str, str]) -> list[str]:
    """Return the lines of the first groups, and how many more there are."""
    lines = [line for group in groups[:_FILES_SHOWN] for line in group]
    rest = len(groups) - _FILES_SHOWN
    return lines + ([words["more_lines"].format(count=rest)] if rest > 0 else [])
