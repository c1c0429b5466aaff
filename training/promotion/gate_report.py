"""What the gate said, as JSON to keep and as lines for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from training.errors import TrainingError
from training.promotion.check import Check, GateLimits, Quantity, Verdict
from training.promotion.gate import passes

MARKS = {Verdict.HOLDS: "holds", Verdict.FAILS: "FAILS", Verdict.NOT_JUDGED: "not judged"}
WORDS = {
    Quantity.PICTURES: "pictures",
    Quantity.KNOWN: "known",
    Quantity.AP50: "AP50",
    Quantity.RECALL: "recall",
    Quantity.FALSE_ALARMS: "false alarms",
    Quantity.CALIBRATION: "calibration",
    Quantity.SPEED: "speed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """A candidate beside the model in force, on frozen pictures.

    Attributes:
        candidate: Its id; production's likewise.
        set_sha256: Of the split's pictures and labels: the same hash is the same set.
        left_out: Pictures that could not be read.
        at: Time with its zone.
    """

    candidate: str
    candidate_sha256: str
    production: str
    production_sha256: str
    set_name: str
    set_version: str
    set_sha256: str
    split: str
    pictures: int
    left_out: int
    at: datetime
    limits: GateLimits
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether the candidate may be promoted."""
        return passes(self.checks)


_REPORT = TypeAdapter(GateReport)


def format_report(report: GateReport) -> str:
    """Return the JSON text that `parse_report` takes."""
    return _REPORT.dump_json(report, indent=1).decode("utf-8") + "\n"


def parse_report(text: str) -> GateReport:
    """Return the report in a JSON text.

    Raises:
        TrainingError: It is none.
    """
    try:
        return _REPORT.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise TrainingError(f"no gate report: {place}: {first['msg']}") from error


def describe_report(report: GateReport) -> str:
    """Return the report as lines for a person, what fails first."""
    head = (
        f"{report.candidate} beside {report.production} on {report.set_name} "
        f"{report.set_version}, {report.split} ({report.pictures} pictures, "
        f"{report.left_out} left out, SHA-256 {report.set_sha256[:12]})"
    )
    order = {Verdict.FAILS: 0, Verdict.HOLDS: 1, Verdict.NOT_JUDGED: 2}
    checks = sorted(report.checks, key=lambda check: order[check.verdict])
    end = "passed" if report.passed else "refused"
    return "\n".join([head, *map(describe_check, checks), f"the gate: {end}"])


def describe_check(check: Check) -> str:
    """Return one comparison as a line."""
    what = " ".join(filter(None, [WORDS[check.quantity], check.class_name, check.part]))
    figures = ""
    if check.difference is not None:
        found = check.difference
        figures = f"{found.production:.3f} -> {found.candidate:.3f}"
        if found.low is not None and found.high is not None:
            figures += f" ({found.value:+.3f}, {found.low:+.3f} to {found.high:+.3f})"
        figures += ": "
    return f"{MARKS[check.verdict]:<10} {what}: {figures}{check.reason}"


def describe_failures(checks: Sequence[Check]) -> str:
    """Return what fails in one line."""
    failed = [check for check in checks if check.verdict is Verdict.FAILS]
    return "; ".join(
        " ".join(filter(None, [WORDS[check.quantity], check.class_name, check.part, check.reason]))
        for check in failed
    )
