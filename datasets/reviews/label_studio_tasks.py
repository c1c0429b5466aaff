"""What we read of Label Studio's tasks and annotations (its JSON export, or its API's list)."""

import json
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from datasets.errors import DatasetError
from datasets.formats.label_studio import describe_first
from datasets.formats.labels import OnTrouble

MAX_TASKS = 1_000_000


class _Loose(BaseModel):
    """Label Studio adds keys with every version: unknown ones are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Prediction(_Loose):
    """A model's proposals on a task."""

    id: int | None = None
    model_version: str | None = None
    result: list[dict[str, object]] = []


class User(_Loose):
    """Who annotated; of all that Label Studio may tell of a person only the number is read."""

    id: int


class Annotation(_Loose):
    """One person's submitted work on a task."""

    id: int
    completed_by: int | User | None = None
    was_cancelled: bool = False
    created_at: AwareDatetime
    updated_at: AwareDatetime | None = None
    result: list[dict[str, object]] = []
    prediction: Prediction | None = None
    parent_prediction: int | None = None

    @property
    def reviewer(self) -> str:
        """A pseudonym."""
        person = self.completed_by
        number = person.id if isinstance(person, User) else person
        return f"label_studio_{'unknown' if number is None else number}"

    @property
    def time(self) -> datetime:
        """When it was last changed."""
        return self.updated_at or self.created_at


class Task(_Loose):
    """A picture to review, with what was made of it; exports list predictions by number only."""

    id: int
    data: dict[str, object]
    annotations: list[Annotation] = []
    predictions: list[Prediction | int] = []

    def find_prediction(self, annotation: Annotation) -> Prediction | None:
        """Return the proposals that an annotation started from, if the file has them."""
        if annotation.prediction is not None and annotation.prediction.result:
            return annotation.prediction
        parent = annotation.parent_prediction
        listed = (one for one in self.predictions if isinstance(one, Prediction))
        return next((one for one in listed if parent is not None and one.id == parent), None)


def parse_tasks(text: str, *, on_trouble: OnTrouble | None = None) -> list[Task]:
    """Return the tasks of a JSON export, or of a page of the API's list.

    Args:
        text: JSON.
        on_trouble: Told of each task that is left out because it is none; without it the first
            such one ends the reading.

    Raises:
        DatasetError: It is neither; says what is wrong first.
    """
    tasks: list[Task] = []
    for place, entry in enumerate(_parse_entries(text), start=1):
        try:
            tasks.append(_parse_task(entry, where=f"task {place} of the file"))
        except DatasetError as error:
            if on_trouble is None:
                raise
            on_trouble(f"task {place} of the file", error)
    return tasks


def _parse_entries(text: str) -> list[object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"no JSON: {error}") from error
    entries = value.get("tasks") if isinstance(value, dict) else value
    if not isinstance(entries, list) or len(entries) > MAX_TASKS:
        raise DatasetError(
            f"no Label Studio tasks: neither a list of up to {MAX_TASKS} nor `tasks`"
        )
    return entries


def _parse_task(entry: object, *, where: str) -> Task:
    try:
        # Halves of characters, which JSON may hold, can be written into no file.
        json.dumps(entry, ensure_ascii=False).encode()
        return Task.model_validate(entry)
    except ValidationError as error:
        raise DatasetError(f"no Label Studio task: {where}: {describe_first(error)}") from error
    except (UnicodeEncodeError, RecursionError) as error:
        raise DatasetError(f"no Label Studio task: {where}: {error}") from error
