"""The sightings of a flight, sorted into the objects that they show."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from inference.boxes import area_px, shared_area_px
from inference.merging.fuse import fuse_sightings, independent_sightings, merged_confidence
from inference.merging.group_places import group_places
from inference.reading.metadata import NO_TIME
from inference.sighting import Finding, Placement, Sighting

# Of the smaller box's area within the larger: the detector boxed one thing twice.
MIN_DOUBLE_OVERLAP = 0.9

# The sightings of one object in one photo, best first: mostly one, more with doubles.
_View = tuple[Sighting, ...]


def merge_sightings(sightings: Iterable[Sighting], *, flight_id: str) -> list[Finding]:
    """Return one finding for each object, the surest first; the input's order changes nothing.

    Sightings without a place cannot be compared: each is a finding of its own.
    """
    by_class: dict[str, list[_View]] = defaultdict(list)
    groups: list[list[Sighting]] = []
    for view in _join_doubles(sorted(sightings, key=_capture_order)):
        if isinstance(view[0].place, Placement):
            by_class[view[0].detection.class_name].append(view)
        else:
            groups.append(list(view))
    for class_name in sorted(by_class):
        groups += _group_views(by_class[class_name])
    findings = [_make_finding(group, flight_id=flight_id) for group in groups]
    return sorted(findings, key=lambda finding: (-finding.confidence, finding.id))


def rank_sightings(sightings: Iterable[Sighting]) -> tuple[Sighting, ...]:
    """Return the sightings best first: the surest, then the largest box, then by id."""
    return tuple(sorted(sightings, key=_quality_order))


def _make_finding(sightings: Sequence[Sighting], *, flight_id: str) -> Finding:
    """Return the finding that these sightings show."""
    ranked = rank_sightings(sightings)
    return Finding(
        id=min(sightings, key=_capture_order).detection.id,
        flight_id=flight_id,
        class_name=ranked[0].detection.class_name,
        confidence=merged_confidence(ranked),
        sightings=ranked,
        position=fuse_sightings(ranked),
        independent_views=len(independent_sightings(ranked)),
    )


def _capture_order(sighting: Sighting) -> tuple[datetime, str, str]:
    """Return the key that sorts sightings by time, then photo, then id."""
    detection = sighting.detection
    return sighting.captured_at or NO_TIME, detection.photo_sha256, detection.id


def _quality_order(sighting: Sighting) -> tuple[float, float, str]:
    """Return the key that sorts the best sighting first."""
    detection = sighting.detection
    return -detection.confidence, -area_px(detection.box_photo), detection.id


def _join_doubles(sightings: Sequence[Sighting]) -> list[_View]:
    """Return the sightings, in the order given, with boxes inside another of their kind joined.

    The box that stands for the view comes first: a placed one, then the best.
    """
    views: dict[tuple[str, str], list[list[Sighting]]] = defaultdict(list)
    ordered: list[list[Sighting]] = []
    largest_first = sorted(
        sightings,
        key=lambda s: (*_capture_order(s)[:2], -area_px(s.detection.box_photo), s.detection.id),
    )
    for sighting in largest_first:
        detection = sighting.detection
        of_photo = views[detection.photo_sha256, detection.class_name]
        home = next((v for v in of_photo if _lies_within(sighting, v[0])), None)
        if home is not None:
            home.append(sighting)
            continue
        of_photo.append([sighting])
        ordered.append(of_photo[-1])
    return [tuple(sorted(view, key=_view_order)) for view in ordered]


def _view_order(sighting: Sighting) -> tuple[bool, float, float, str]:
    """Return the key that puts placed sightings before others, the best of them first."""
    return not isinstance(sighting.place, Placement), *_quality_order(sighting)


def _lies_within(inner: Sighting, outer: Sighting) -> bool:
    """Return whether almost all of one box lies in the other."""
    first, second = inner.detection.box_photo, outer.detection.box_photo
    shared_px = shared_area_px(first, second)
    return shared_px > 0.0 and shared_px >= MIN_DOUBLE_OVERLAP * area_px(first)


def _group_views(views: Sequence[_View]) -> list[list[Sighting]]:
    """Return the sightings of each object of one class, from placed views in capture order."""
    groups = group_places(
        [view[0].place for view in views if isinstance(view[0].place, Placement)],
        appearances=[view[0].detection.appearance for view in views],
        batches=[view[0].detection.photo_sha256 for view in views],
    )
    return [[sighting for i in group for sighting in views[i]] for group in groups]
