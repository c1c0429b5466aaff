"""One object that the detector takes for two things is one finding with a doubt, not two."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from inference.boxes import iou
from inference.sighting import Finding, OtherClass

# Boxes of two classes that coincide this much show one thing. A heap before a shed stays apart:
# its box lies inside the shed's and covers far less than this of both.
MIN_SAME_OBJECT_IOU = 0.7

_PhotoBox = tuple[str, tuple[float, float, float, float]]


def join_other_classes(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings of a flight with those of one object under several classes as one.

    The surest class stands; the others are kept as `other_classes`, so that a reviewer knows of
    them and nobody drives out twice.

    Args:
        findings: Of one flight, the surest first.

    Returns:
        Those that stand, in the order given.
    """
    kept: list[Finding] = []
    boxes: dict[str, list[tuple[int, _PhotoBox]]] = defaultdict(list)
    for finding in findings:
        own = [(s.detection.photo_sha256, s.detection.box_photo) for s in finding.sightings]
        home = _find_home(finding, own, kept, boxes)
        if home is not None:
            kept[home] = _with_other_class(kept[home], finding)
            continue
        for box in own:
            boxes[box[0]].append((len(kept), box))
        kept.append(finding)
    return kept


def _find_home(
    finding: Finding,
    own: Sequence[_PhotoBox],
    kept: Sequence[Finding],
    boxes: dict[str, list[tuple[int, _PhotoBox]]],
) -> int | None:
    """Return the surest finding of another class with a box that coincides, or None."""
    homes = {
        index
        for photo, box in own
        for index, (_, other) in boxes.get(photo, ())
        if kept[index].class_name != finding.class_name and iou(box, other) >= MIN_SAME_OBJECT_IOU
    }
    return min(homes, default=None)


def _with_other_class(standing: Finding, weaker: Finding) -> Finding:
    """Return the standing finding with the weaker one's class and confidence noted."""
    known = {other.class_name: other.confidence for other in standing.other_classes}
    known[weaker.class_name] = max(weaker.confidence, known.get(weaker.class_name, 0.0))
    return replace(standing, other_classes=sort_other_classes(known))


def sort_other_classes(confidences: dict[str, float]) -> tuple[OtherClass, ...]:
    """Return confidences by class name as values, the surest first."""
    pairs = sorted(confidences.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(OtherClass(class_name=name, confidence=value) for name, value in pairs)
