"""What we read of Label Studio's tasks and annotations (its JSON export, or its API's list)."""

import json
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from datasets.errors import DatasetError
from datasets.formats.label_studio import describe_first

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


class _ApiList(_Loose):
    tasks: Annotated[list[Task], Field(max_length=MAX_TASKS)]


def parse_tasks(text: str) -> list[Task]:
    """Return the tasks of a JSON export, or of a page of the API's list.

    Raises:
        DatasetError: It is neither; says what is wrong first.
    """
    try:
        value = json.loads(text)
        if isinstance(value, dict):
            return _ApiList.model_validate(value).tasks
        return TypeAdapter(Annotated[list[Task], Field(max_length=MAX_TASKS)]).validate_python(
            value
        )
    except ValidationError as error:
        raise DatasetError(f"no Label Studio tasks: {describe_first(error)}") from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"no JSON: {error}") from error
