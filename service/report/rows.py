"""What the report's page shows, worked out: rows, totals, maps on paper."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.geometry.output_frames import OutputFrame
from inference.receipt import NotPlaced, Outcome, ReasonCode
from models.manifest import ModelManifest
from service.inspecting.receipts import is_photo
from service.report.formats import format_frame, format_zone
from service.report.map_drawing import MapSheet
from service.report.model import (
    EvidenceRole,
    ReportContent,
    ReportFile,
    ReportIssue,
    ReportPlace,
)
from service.report.thumbnails import Thumbnail, plan_thumbnail_bytes, read_thumbnail
from service.translations import ReasonText, Texts, class_title

CROP_SIDE_PX = 360
CONTEXT_SIDE_PX = 480
MAX_ISSUES_WITH_CONTEXT = 150  # with more the page would grow too heavy
MAX_LISTED_PHOTOS = 8
FRAME_TITLES = {
    OutputFrame.CGCS2000: "CGCS2000",
    OutputFrame.CGCS2000_6: "CGCS2000",
    OutputFrame.GCJ02: "GCJ-02",
    OutputFrame.UTM: "UTM",
    OutputFrame.MGRS: "MGRS",
}
# Key of the text that tells two frames of one name apart.
FRAME_TITLE_TEXTS = {
    OutputFrame.CGCS2000: "zones_of_3_degrees",
    OutputFrame.CGCS2000_6: "zones_of_6_degrees",
}
PAPER_PX = (900, 620)  # of a map before the page's script fits it to the window
SCALE_BAR_SHARE = 0.18


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRow:
    """An issue as the page shows it.

    Attributes:
        other_classes: Title and confidence of what else it was taken for.
        class_index: Chooses the class's colour and shape.
        frames: Name of each frame besides WGS 84, and what stands there for the position.
        not_placed: Why there is no place, or None where there is one.
        photos: Number and path of the first few files that show it; more_photos counts the rest.
        file_numbers: Of all of them.
    """

    number: int
    issue: ReportIssue
    class_title: str
    other_classes: tuple[tuple[str, float], ...]
    class_index: int
    place: ReportPlace | None
    method: str | None
    frames: tuple[tuple[str, str], ...]
    not_placed: ReasonText | None
    file_numbers: tuple[int, ...]
    photos: tuple[tuple[int, str], ...]
    more_photos: int
    thumbnail: Thumbnail | None
    context: Thumbnail | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTotal:
    """How many clues of a class there are, and how many more a permit explains."""

    name: str
    title: str
    index: int
    count: int
    suppressed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The figures at the head of the page; clues that a permit explains count apart.

    accepted, held and rejected are of photos; duplicates and other files count apart.
    """

    clues: int
    classes: tuple[ClassTotal, ...]
    not_placed: int
    suppressed: int
    covered_m2: float
    photos: int
    accepted: int
    held: int
    rejected: int
    duplicates: int
    other_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """A map and how it lies on paper before the page's script takes over."""

    sheet: MapSheet
    place: str
    transform: str
    unscale: str
    scale_bar_px: str
    scale_bar_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonTotal:
    """A reason, and in how many files it occurs."""

    code: ReasonCode
    text: ReasonText
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLimit:
    """What the model needs to tell a class."""

    title: str
    min_confidence: float | None
    gsd: str | None


def reading_order(issue: ReportIssue) -> tuple[bool, float, str]:
    """Return a sort key: clues first, the surest ones on top."""
    return issue.suppressed_by is not None, -issue.confidence, issue.id


def plan_rows(
    issues: Sequence[ReportIssue], content: ReportContent, *, folder: Path, texts: Texts
) -> list[IssueRow]:
    """Return the issues as rows, numbered from 1 in the order given.

    Args:
        issues: In reading order.
        content: The files and the model behind them.
        folder: That the paths of the evidence are relative to.
        texts: The words of the report's language.
    """
    numbers = {f.sha256: n for n, f in enumerate(content.files, 1) if f.duplicate_of is None}
    with_context = len(issues) <= MAX_ISSUES_WITH_CONTEXT
    max_bytes = plan_thumbnail_bytes(len(issues))
    rows = []
    for number, issue in enumerate(issues, 1):
        found = [numbers[sha256] for sha256 in issue.photo_sha256s if sha256 in numbers]
        place = issue.place if isinstance(issue.place, ReportPlace) else None
        row = IssueRow(
            number=number,
            issue=issue,
            class_title=class_title(issue.class_name, texts.language),
            other_classes=tuple(
                (class_title(other.class_name, texts.language), other.confidence)
                for other in issue.other_classes
            ),
            class_index=class_index(issue.class_name, content.model),
            place=place,
            method=texts.methods.get(place.method, place.method) if place else None,
            frames=_plan_frames(place, texts) if place else (),
            not_placed=_not_placed_text(issue, texts),
            file_numbers=tuple(found),
            photos=tuple((n, content.files[n - 1].path) for n in found[:MAX_LISTED_PHOTOS]),
            more_photos=max(0, len(found) - MAX_LISTED_PHOTOS),
            thumbnail=_read_crop(issue, folder, max_bytes),
            context=_read_context(issue, folder, max_bytes) if with_context else None,
        )
        rows.append(row)
    return rows


def class_index(class_name: str, model: ModelManifest) -> int:
    """Return the class's number within the model; classes that it does not know come last."""
    if class_name in model.classes:
        return model.classes.index(class_name)
    return len(model.classes)


def plan_totals(
    content: ReportContent, maps: Sequence[MapSheet], *, classes: Sequence[str], texts: Texts
) -> Totals:
    """Return the figures at the head of the page, with one line for each of `classes`."""
    open_issues = [issue for issue in content.issues if issue.suppressed_by is None]
    originals = [file for file in content.files if file.duplicate_of is None]
    outcomes = Counter(file.outcome for file in originals if is_photo(file))
    counts = Counter(issue.class_name for issue in open_issues)
    all_counts = Counter(issue.class_name for issue in content.issues)
    return Totals(
        clues=len(open_issues),
        classes=tuple(
            ClassTotal(
                name=name,
                title=class_title(name, texts.language),
                index=class_index(name, content.model),
                count=counts[name],
                suppressed=all_counts[name] - counts[name],
            )
            for name in classes
        ),
        not_placed=sum(isinstance(issue.place, NotPlaced) for issue in open_issues),
        suppressed=len(content.issues) - len(open_issues),
        covered_m2=sum(sheet.covered_m2 for sheet in maps),
        photos=sum(flight.photo_count for flight in content.flights),
        accepted=outcomes[Outcome.ACCEPTED],
        held=outcomes[Outcome.HELD],
        rejected=outcomes[Outcome.REJECTED],
        duplicates=len(content.files) - len(originals),
        other_files=len(originals) - outcomes.total(),
    )


def plan_class_names(content: ReportContent) -> list[str]:
    """Return the model's classes, and after them those that only the issues name."""
    others = {issue.class_name for issue in content.issues} - set(content.model.classes)
    return [*content.model.classes, *sorted(others)]


def plan_reason_totals(files: Sequence[ReportFile], texts: Texts) -> list[ReasonTotal]:
    """Return the reasons that occur, the most frequent first."""
    counts = Counter(code for file in files for code in {reason.code for reason in file.reasons})
    return [
        ReasonTotal(code=code, text=texts.reasons[code], count=count)
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def plan_limits(model: ModelManifest, texts: Texts) -> list[ClassLimit]:
    """Return what the model needs, class by class."""
    limits = []
    for name in model.classes:
        gsd = model.gsd_range_m.get(name)
        words = texts.report["gsd_range"]
        limits.append(
            ClassLimit(
                title=class_title(name, texts.language),
                min_confidence=model.min_confidence.get(name),
                gsd=words.format(smallest=f"{gsd[0] * 100:.1f}", largest=f"{gsd[1] * 100:.1f}")
                if gsd
                else None,
            )
        )
    return limits


def plan_map_view(sheet: MapSheet) -> MapView:
    """Return how a map fits on paper, with its scale bar."""
    x_min, y_min, width_m, height_m = sheet.view_m
    scale = min(PAPER_PX[0] / width_m, PAPER_PX[1] / height_m)
    x = PAPER_PX[0] / 2 - (x_min + width_m / 2) * scale
    y = PAPER_PX[1] / 2 - (y_min + height_m / 2) * scale
    bar_m = plan_scale_bar_m(PAPER_PX[0] * SCALE_BAR_SHARE / scale)
    return MapView(
        sheet=sheet,
        place=f"{sheet.latitude_deg:.4f}, {sheet.longitude_deg:.4f}",
        transform=f"translate({x:.2f} {y:.2f}) scale({scale:.5g})",
        unscale=f"{1 / scale:.5g}",
        scale_bar_px=f"{bar_m * scale:.1f}",
        scale_bar_text=f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m",
    )


def plan_scale_bar_m(longest_m: float) -> float:
    """Return the longest round length (1, 2 or 5 times a power of ten) up to a limit."""
    power = 1e-3
    while power * 10 <= longest_m:
        power *= 10
    return round(max(step * power for step in (1, 2, 5) if step * power <= longest_m), 6)


def plan_period(content: ReportContent, texts: Texts) -> str | None:
    """Return from when to when the flights were, or None where none tells its time."""
    starts = [flight.started_at for flight in content.flights if flight.started_at]
    ends = [flight.ended_at for flight in content.flights if flight.ended_at]
    if not starts or not ends:
        return None
    last = max(ends)
    first = min(starts).astimezone(last.tzinfo)
    unknown = any(flight.time_zone_known is False for flight in content.flights)
    zone = texts.report["zone_unknown"] if unknown else format_zone(last)
    if first.date() == last.date():
        until = f" – {last:%H:%M}" if f"{first:%H:%M}" != f"{last:%H:%M}" else ""
        return f"{first:%Y-%m-%d %H:%M}{until} {zone}"
    return f"{first:%Y-%m-%d} – {last:%Y-%m-%d} {zone}"


def _plan_frames(place: ReportPlace, texts: Texts) -> tuple[tuple[str, str], ...]:
    rows = []
    for frame, position in place.frames:
        if isinstance(position, NotPlaced):
            text = texts.reasons[position.code].title
        else:
            text = format_frame(position)
            if frame is OutputFrame.GCJ02:
                text = f"{text}; {texts.report['gcj02_meaning']}"
        rows.append((_frame_title(frame, texts), text))
    return tuple(rows)


def _frame_title(frame: OutputFrame, texts: Texts) -> str:
    title = FRAME_TITLES[frame]
    if frame in FRAME_TITLE_TEXTS:
        return texts.report[FRAME_TITLE_TEXTS[frame]].format(frame=title)
    return title


def _not_placed_text(issue: ReportIssue, texts: Texts) -> ReasonText | None:
    return texts.reasons[issue.place.code] if isinstance(issue.place, NotPlaced) else None


def _read_crop(issue: ReportIssue, folder: Path, max_bytes: int | None) -> Thumbnail | None:
    return _read_picture(issue, EvidenceRole.CROP, folder, CROP_SIDE_PX, max_bytes)


def _read_context(issue: ReportIssue, folder: Path, max_bytes: int | None) -> Thumbnail | None:
    return _read_picture(issue, EvidenceRole.PHOTO, folder, CONTEXT_SIDE_PX, max_bytes)


def _read_picture(
    issue: ReportIssue, role: EvidenceRole, folder: Path, side_px: int, max_bytes: int | None
) -> Thumbnail | None:
    """Return the issue's picture of a role, or None where there is none or no room for it."""
    picture = next((file for file in issue.evidence if file.role is role), None)
    if picture is None or max_bytes is None:
        return None
    return read_thumbnail(
        folder / picture.path, box_px=picture.box_px, side_px=side_px, max_bytes=max_bytes
    )
