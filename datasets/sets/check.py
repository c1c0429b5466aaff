"""All checks of a picture set in one go."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.picture_set import PictureSet, read_picture_set
from datasets.sets.balance_checks import check_balance, check_words
from datasets.sets.box_checks import check_boxes
from datasets.sets.counts import Count, count_pictures
from datasets.sets.duplicate_checks import check_alike, check_same
from datasets.sets.file_checks import FactsByPath, check_files, read_set_facts
from datasets.sets.findings import Finding, Limits, Severity
from datasets.sets.leakage_checks import check_groups, check_places
from datasets.sets.picture_facts import PictureFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a set holds, and what was found."""

    name: str
    version: str
    pictures: int
    counts: tuple[Count, ...]
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def check_folder(folder: Path, limits: Limits, *, workers: int = 2) -> CheckReport:
    """Return what is found in the picture set in a folder; every picture is decoded.

    Raises:
        DatasetError: The folder holds no readable picture set.
    """
    picture_set = read_picture_set(folder)
    return check_picture_set(picture_set, read_set_facts(picture_set, workers=workers), limits)


def check_picture_set(picture_set: PictureSet, facts: FactsByPath, limits: Limits) -> CheckReport:
    """Return what is found in a set, given what its files say."""
    return CheckReport(
        name=picture_set.name,
        version=picture_set.version,
        pictures=len(picture_set.pictures),
        counts=tuple(count_pictures(picture_set.pictures)),
        findings=tuple(_find(picture_set, facts, limits)),
    )


def _find(picture_set: PictureSet, facts: FactsByPath, limits: Limits) -> Iterator[Finding]:
    pictures = picture_set.pictures
    whole = {path: found for path, found in facts.items() if isinstance(found, PictureFacts)}
    yield from check_files(picture_set, facts)
    yield from check_words(picture_set)
    for picture in pictures:
        yield from check_boxes(picture, limits)
    yield from check_same(pictures, whole)
    yield from check_alike(pictures, whole, alike_bits=limits.alike_bits)
    yield from check_groups(pictures)
    yield from check_places(pictures, limits)
    yield from check_balance(picture_set, limits)
