"""Promote a candidate through the gate, and keep what the gate said beside the history."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from datasets.picture_set import PictureSet
from models.detector import Detector
from models.errors import ModelError
from models.history import Promotion
from models.promotion import own_folder, promote
from models.registry import RegisteredModel, Registry, read_model, write_whole
from training.promotion.check import GateLimits, TileTimes
from training.promotion.gate_report import GateReport, describe_failures, format_report
from training.promotion.run_gate import DEFAULT_SPLIT, run_gate

REPORTS_FOLDER = "gate-reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of an attempt.

    Attributes:
        report: None where no regression set was named.
        promotion: None where the gate refused it.
    """

    report: GateReport | None
    promotion: Promotion | None


def promote_through_gate(
    candidate: RegisteredModel,
    registry: Registry,
    *,
    at: datetime,
    by: str | None,
    against: PictureSet | None,
    split: str = DEFAULT_SPLIT,
    force_reason: str | None = None,
    limits: GateLimits | None = None,
    on_picture: Callable[[], None] = lambda: None,
    measure: Callable[[Detector, Detector], TileTimes] | None = None,
) -> Attempt:
    """Promote a registered candidate if the gate lets it through, or by force.

    Args:
        candidate: In the registry.
        registry: With the model in force, and a folder of the bureau's own.
        at: Time with its zone.
        by: Who wants it.
        against: The regression set; None only together with a force reason.
        split: Of the set.
        force_reason: Promotes whatever the gate says; goes into the history.
        limits: Of the gate.
        on_picture: Is called after each picture of either model.
        measure: See `run_gate`.

    Raises:
        ModelError: Neither a set nor a reason is given, or the candidate cannot be promoted.
        TrainingError: The set cannot be used.
    """
    report, name = None, None
    if against is not None:
        production = read_model(registry=registry)
        report = run_gate(
            candidate,
            production,
            against,
            at=at,
            split=split,
            limits=limits,
            on_picture=on_picture,
            measure=measure,
        )
        name = write_report(report, registry)
    elif force_reason is None:
        raise ModelError("promotion needs a regression set, or a reason to do without")
    if report is not None and not report.passed and force_reason is None:
        return Attempt(report=report, promotion=None)
    passed = report is not None and report.passed
    promotion = promote(
        candidate,
        registry=registry,
        at=at,
        by=by,
        reason=_reason(report, force_reason),
        gate_report=name,
        forced=not passed,
    )
    return Attempt(report=report, promotion=promotion)


def write_report(report: GateReport, registry: Registry) -> str:
    """Write a gate's report beside the history; return its name there."""
    folder = own_folder(registry) / REPORTS_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    moment = report.at.astimezone(UTC)
    name = f"{report.candidate}-{moment:%Y%m%dT%H%M%S%fZ}.json"
    write_whole(folder / name, format_report(report))
    return f"{REPORTS_FOLDER}/{name}"


def _reason(report: GateReport | None, force_reason: str | None) -> str:
    """Return why a model is in force: what the gate said, and what a person said to that."""
    if report is None:
        return force_reason or ""
    if report.passed:
        return f"the gate let it through on {report.set_name} {report.set_version}, {report.split}"
    return f"{force_reason} (the gate: {describe_failures(report.checks)})"
