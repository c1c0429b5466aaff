"""The findings of several flights as candidate issues: one for each place.

What the same flight found apart stays apart; what several flights found at one place is one
issue, seen again. Permits and grid cells are looked up at the joint position.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from inference.geometry.uncertainty import take_flight_errors_as_own
from inference.merging.areas import AreaIndex, GridCell, Permit, Suppression
from inference.merging.fuse import fuse_placements
from inference.merging.group_places import group_places
from inference.merging.merge import rank_sightings
from inference.merging.other_classes import sort_other_classes
from inference.reading.metadata import NO_TIME
from inference.receipt import NotPlaced
from inference.sighting import Finding, OtherClass, Placement, Sighting


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateIssue:
    """A place that somebody should look at, from all flights of a run that saw it.

    Attributes:
        id: That of its first finding.
        confidence: Of its surest finding.
        findings: One a flight, in the flights' order.
        sightings: Of all findings, best first.
        first_seen, last_seen: None where no photo has a time.
        suppressed_by: The permit that explains it, or None.
        grid_id, responsible_unit, division: Of the management grid cell it lies in.
        grid_certain: False where the 90 % ellipse crosses a border; None without a position.
    """

    id: str
    class_name: str
    confidence: float
    position: Placement | NotPlaced
    findings: tuple[Finding, ...]
    sightings: tuple[Sighting, ...]
    first_seen: datetime | None
    last_seen: datetime | None
    suppressed_by: Suppression | None = None
    grid_id: str | None = None
    responsible_unit: str | None = None
    division: str | None = None
    grid_certain: bool | None = None

    @property
    def observation_count(self) -> int:
        """Sightings behind the issue, over all flights."""
        return len(self.sightings)

    @property
    def independent_views(self) -> int:
        """Sightings less those that repeat another's errors."""
        return sum(finding.independent_views for finding in self.findings)

    @property
    def other_classes(self) -> tuple[OtherClass, ...]:
        """What else it was taken for, the surest first."""
        others = [other for finding in self.findings for other in finding.other_classes]
        others.sort(key=lambda other: other.confidence)  # of one class, the surest goes in last
        return sort_other_classes({other.class_name: other.confidence for other in others})

    @property
    def recurrence_count(self) -> int:
        """Flights that saw the place again after the first."""
        return len(self.findings) - 1

    @property
    def flight_ids(self) -> tuple[str, ...]:
        """The flights that saw the place, in their order."""
        return tuple(finding.flight_id for finding in self.findings)


def reconcile(
    findings: Iterable[Finding], *, permits: Sequence[Permit], grids: Sequence[GridCell]
) -> list[CandidateIssue]:
    """Return the candidate issues, the surest first; the input's order changes nothing."""
    areas = AreaIndex(permits=permits, grids=grids)
    by_class: dict[str, list[Finding]] = defaultdict(list)
    groups: list[list[Finding]] = []
    for finding in _sort_by_flight(findings):
        if isinstance(finding.position, Placement):
            by_class[finding.class_name].append(finding)
        else:
            groups.append([finding])
    for class_name in sorted(by_class):
        groups += _group_findings(by_class[class_name])
    issues = [_look_up(_make_issue(group), areas) for group in groups]
    return sorted(issues, key=lambda issue: (-issue.confidence, issue.id))


def _sort_by_flight(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings by flight, the earliest first, and by id within a flight."""
    found = list(findings)
    starts: dict[str, datetime] = {}
    for finding in found:
        first, _ = _seen(finding.sightings)
        start = starts.get(finding.flight_id, NO_TIME)
        starts[finding.flight_id] = min(start, first or NO_TIME)
    return sorted(found, key=lambda f: (starts[f.flight_id], f.flight_id, f.id))


def _seen(sightings: Sequence[Sighting]) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last time of the sightings, None where none has a time."""
    times = [sighting.captured_at for sighting in sightings if sighting.captured_at is not None]
    return (min(times), max(times)) if times else (None, None)


def _group_findings(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Return the findings of each place, from placed findings of one class by flight."""
    groups = group_places(
        _places_beside_other_flights(findings),
        appearances=[finding.sightings[0].detection.appearance for finding in findings],
        batches=[finding.flight_id for finding in findings],
    )
    return [[findings[i] for i in group] for group in groups]


def _places_beside_other_flights(findings: Sequence[Finding]) -> list[Placement]:
    """Return the places that there are; the biases of two flights are errors like any other."""
    places = (finding.position for finding in findings)
    return [take_flight_errors_as_own(place) for place in places if isinstance(place, Placement)]


def _make_issue(findings: Sequence[Finding]) -> CandidateIssue:
    """Return the issue of findings of one place, given in the flights' order."""
    sightings = rank_sightings(s for finding in findings for s in finding.sightings)
    first_seen, last_seen = _seen(sightings)
    return CandidateIssue(
        id=findings[0].id,
        class_name=findings[0].class_name,
        confidence=max(finding.confidence for finding in findings),
        position=_fuse_findings(findings),
        findings=tuple(findings),
        sightings=sightings,
        first_seen=first_seen,
        last_seen=last_seen,
    )


def _fuse_findings(findings: Sequence[Finding]) -> Placement | NotPlaced:
    """Return the joint place; the biases of several flights average out as own errors do.

    The object's height does not: seen from the same side, every flight is wrong in the same way.
    """
    if len(findings) == 1:
        return findings[0].position
    return fuse_placements(_places_beside_other_flights(findings))


def _look_up(issue: CandidateIssue, areas: AreaIndex) -> CandidateIssue:
    """Return the issue with its grid cell and with the permit that explains it, if any."""
    if isinstance(issue.position, NotPlaced):
        return issue
    grid = areas.find_grid(issue.position)
    return replace(
        issue,
        suppressed_by=areas.find_suppression(
            issue.position, class_name=issue.class_name, seen_at=issue.last_seen
        ),
        grid_id=grid.cell.id if grid.cell else None,
        responsible_unit=grid.cell.responsible_unit if grid.cell else None,
        division=grid.cell.division if grid.cell else None,
        grid_certain=grid.certain,
    )
