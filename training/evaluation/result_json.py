"""Evaluations to JSON and back, checked."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from training.errors import TrainingError
from training.evaluation.result import Evaluation, EvaluationHead, LeftOut, PictureResult

Value = TypeVar("Value")

# pydantic checks every field, and takes dataclasses as they are.
_SCORES = TypeAdapter(list[Evaluation])
_HEAD = TypeAdapter(EvaluationHead)
_ENTRY = TypeAdapter(PictureResult | LeftOut)


def format_scores(evaluations: Sequence[Evaluation]) -> str:
    """Return the JSON text that `parse_scores` takes, such as one evaluation a way."""
    return _SCORES.dump_json(list(evaluations), indent=1).decode("utf-8") + "\n"


def parse_scores(text: str) -> list[Evaluation]:
    """Return the evaluations in a JSON text.

    Raises:
        TrainingError: It holds none.
    """
    return _parse(_SCORES, text, "list of evaluations")


def format_head(head: EvaluationHead) -> str:
    """Return one line of JSON."""
    return _HEAD.dump_json(head).decode("utf-8")


def parse_head(text: str) -> EvaluationHead:
    """Return the head in a line of JSON.

    Raises:
        TrainingError: It is none.
    """
    return _parse(_HEAD, text, "head of an evaluation")


def format_entry(entry: PictureResult | LeftOut) -> str:
    """Return one line of JSON."""
    return _ENTRY.dump_json(entry).decode("utf-8")


def parse_entry(text: str) -> PictureResult | LeftOut:
    """Return what became of a picture, from a line of JSON.

    Raises:
        TrainingError: It is none.
    """
    return _parse(_ENTRY, text, "picture's result")


def _parse(adapter: TypeAdapter[Value], text: str, what: str) -> Value:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise TrainingError(f"no {what}: {place}: {first['msg']}") from error
