"""An inspection in a few figures: for people, for scripts, and as an exit code."""

import json
from collections import Counter
from dataclasses import asdict, dataclass

from inference.geometry.view import View
from inference.receipt import NotPlaced, Outcome
from service.inspecting.receipts import is_photo
from service.inspecting.result import InspectionResult
from service.translations import Language, class_title, read_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectSummary:
    """The figures: files are photos, other files or duplicates of either.

    Attributes:
        other_files: That were never meant as photos; the receipt rejects them, with the reason.
        rejected: Of the photos.
        issues: By class, those explained by a permit left out.
        not_placed: Of these issues.
        suppressed: Issues that a permit explains.
        off_ground_model: Photos with a position that a ground model given does not reach.
        off_ground_model_methods: What these are placed on instead: photos by `View.method`.
    """

    files: int
    duplicates: int
    other_files: int
    photos: int
    inspected: int
    held: int
    rejected: int
    flights: int
    issues: dict[str, int]
    not_placed: int
    suppressed: int
    off_ground_model: int
    off_ground_model_methods: dict[str, int]


def summarise(result: InspectionResult) -> InspectSummary:
    """Return the figures of a result."""
    originals = [file for file in result.files if file.duplicate_of is None]
    photos = [file for file in originals if is_photo(file)]
    outcomes = Counter(file.outcome for file in photos)
    clues = [issue for issue in result.issues if issue.suppressed_by is None]
    classes = Counter(issue.class_name for issue in clues)
    off_model = _count_off_ground_model(result)
    return InspectSummary(
        files=len(result.files),
        duplicates=len(result.files) - len(originals),
        other_files=len(originals) - len(photos),
        photos=len(photos),
        inspected=outcomes[Outcome.ACCEPTED],
        held=outcomes[Outcome.HELD],
        rejected=outcomes[Outcome.REJECTED],
        flights=len(result.conclusion.flights),
        issues={name: classes[name] for name, _ in result.settings.min_confidence},
        not_placed=sum(isinstance(issue.position, NotPlaced) for issue in clues),
        suppressed=len(result.issues) - len(clues),
        off_ground_model=off_model.total(),
        off_ground_model_methods=dict(sorted(off_model.items())),
    )


def _count_off_ground_model(result: InspectionResult) -> Counter[str]:
    """Return the photos with a position beside the ground model given, by what stands in for it."""
    if result.ground is None:
        return Counter()
    views = [view for plan in result.plans for view in plan.views.values()]
    placed = [view for view in views if isinstance(view, View)]
    return Counter(view.method for view in placed if not view.has_ground_model)


def exit_code(summary: InspectSummary) -> int:
    """Return 0 if all photos were inspected, 2 if some were not, 1 if there was none."""
    if summary.inspected + summary.held == 0:
        return 1
    return 2 if summary.held or summary.rejected else 0


def render_summary(summary: InspectSummary) -> str:
    """Return the figures as one JSON object."""
    return json.dumps(asdict(summary), ensure_ascii=False)


def describe_summary(summary: InspectSummary, *, language: str) -> str:
    """Return the figures in words, a line each."""
    texts = read_texts(language)
    words = texts.terminal
    found = words["list_comma"].join(
        f"{count} {_class_word(name, language)}" for name, count in summary.issues.items()
    )
    lines = [
        words["photos"].format(
            inspected=summary.inspected,
            held=summary.held,
            rejected=summary.rejected,
            flights=summary.flights,
        ),
        words["files"].format(
            files=summary.files, duplicates=summary.duplicates, others=summary.other_files
        ),
        words["issues"].format(count=sum(summary.issues.values()), found=found),
    ]
    for key, count in (
        ("not_placed", summary.not_placed),
        ("permits", summary.suppressed),
        ("off_ground_model", summary.off_ground_model),
    ):
        if count:
            lines.append(words[key].format(count=count))
    for method, count in summary.off_ground_model_methods.items():
        lines.append(f"         {count} × {texts.methods.get(method, method)}")
    return "\n".join(lines)


def _class_word(name: str, language: str) -> str:
    """Return the class's name as options have it, in Chinese what people call it."""
    return name if Language(language) is Language.ENGLISH else class_title(name, language)
