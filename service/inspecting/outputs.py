"""The files of results: all written from one result, each of them whole or not at all."""

from pathlib import Path

from service.inspecting.evidence import write_evidence
from service.inspecting.folder import write_atomically
from service.inspecting.geojson import coverage_features, issue_features, render_collection
from service.inspecting.receipts import render_receipt
from service.inspecting.result import InspectionResult
from service.report.content import plan_report
from service.report.issue_table import render_issue_table
from service.report.report import write_report

ISSUES, ISSUE_TABLE, COVERAGE = "issues.geojson", "issues.csv", "coverage.geojson"
RECEIPT, REPORT = "receipt.json", "report.html"


def write_outputs(result: InspectionResult, folder: Path, *, language: str, workers: int) -> None:
    """Write evidence, issues, coverage, receipt and report; equal results give equal bytes.

    Without any photo that was inspected or held only the receipt is written: what an earlier
    inspection found stays, rather than to be lost to a card that was not plugged in.
    """
    write_atomically(folder / RECEIPT, render_receipt(result, language=language))
    if not result.has_photos:
        return
    evidence = write_evidence(result.issues, result.photos, folder, workers=workers)
    features = issue_features(result, evidence)
    write_atomically(folder / ISSUES, render_collection(features))
    write_atomically(folder / ISSUE_TABLE, render_issue_table(features, frames=result.frames))
    write_atomically(folder / COVERAGE, render_collection(coverage_features(result)))
    write_report(plan_report(result, evidence), folder / REPORT, language=language)
