"""Promote a candidate through the gate, and keep what the gate said beside the history."""

from dataclasses import dataclass
from datetime import UTC

from datasets.picture_set import PictureSet
from models.errors import ModelError
from models.history import Promotion, Signature
from models.promotion import check_can_be_promoted, own_folder, promote
from models.registry import RegisteredModel, Registry, read_model, write_whole
from training.promotion.gate_report import GateReport, describe_failures, format_report
from training.promotion.run_gate import STANDARD_RUN, GateRun, run_gate

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
    signed: Signature,
    against: PictureSet | None,
    force_reason: str | None = None,
    how: GateRun = STANDARD_RUN,
) -> Attempt:
    """Promote a registered candidate if the gate lets it through, or by force.

    Args:
        candidate: In the registry.
        registry: With the model in force, and a folder of the bureau's own.
        signed: Who wants it.
        against: The regression set; None only together with a force reason.
        force_reason: Promotes whatever the gate says; goes into the history.
        how: The gate is run.

    Raises:
        ModelError: Neither a set nor a reason is given, or the candidate cannot be promoted.
        TrainingError: The set cannot be used.
    """
    check_can_be_promoted(candidate, registry)  # before the gate, which takes minutes
    if against is None and force_reason is None:
        raise ModelError("promotion needs a regression set, or a reason to do without")
    report, name = None, None
    if against is not None:
        production = read_model(registry=registry)
        report = run_gate(candidate, production, against, at=signed.at, how=how)
        name = write_report(report, registry)
    passed = report is not None and report.passed
    if not passed and force_reason is None:
        return Attempt(report=report, promotion=None)
    promotion = promote(
        candidate,
        registry,
        signed=signed,
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
