"""Flights and files as JSON, as docs/api.md describes them."""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from inference.receipt import Outcome
from service.store.files import FileState
from service.store.flights import FlightState

MAX_ANNOUNCED = 1000
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})  # of Unicode: controls, half characters, line ends
_EXAMPLE_FLIGHT = "0198c7a0-0000-7000-8000-000000000001"
_EXAMPLE_SHA256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"


def _one_line(text: str) -> str:
    if any(unicodedata.category(character) in _CONTROLS for character in text):
        raise ValueError("must be one line without control characters")
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


def _a_text(name: object) -> str:
    """Return a name as it came: also halves of characters, which stand for bytes of old cards."""
    if not isinstance(name, str):
        raise ValueError("must be a text")
    return name


Line = AfterValidator(_one_line)
UnitName = Annotated[str, Field(min_length=1, max_length=200), Line]
Why = Annotated[str, Field(min_length=1, max_length=500), Line]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=[_EXAMPLE_SHA256])]
FlightId = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        examples=[_EXAMPLE_FLIGHT],
    ),
]


class Given(BaseModel):
    """Parent of what clients send: members that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid")


class FlightDetails(Given):
    """What an operator tells of a flight beside its name."""

    aircraft: Annotated[str, Field(max_length=500), Line] | None = None
    operator: Annotated[str, Field(max_length=500), Line] | None = None
    note: Annotated[str, Field(max_length=500), Line] | None = None


class NewFlight(Given):
    """A flight that is declared."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _EXAMPLE_FLIGHT,
                "name": "Friday, river bank",
                "kind": "drone",
                "details": {"aircraft": "M3E"},
            }
        }
    )

    id: (
        Annotated[
            str,
            Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
        ]
        | None
    ) = Field(default=None, description="UUIDv7 of the client's; asked twice, it is one flight.")
    name: Annotated[str, Field(min_length=1, max_length=200), Line]
    kind: Literal["drone", "patrol"] = "drone"
    unit: UnitName | None = None
    details: FlightDetails = FlightDetails()


class FileCounts(BaseModel):
    """Files of a flight by what became of them."""

    announced: int
    received: int
    accepted: int
    held: int
    rejected: int


class ListedFlight(BaseModel):
    """A flight in a list."""

    id: str
    name: str
    kind: str
    unit: str | None
    state: FlightState
    created_at: datetime | None
    created_by: str | None
    details: FlightDetails


class ShownFlight(ListedFlight):
    """A flight with how far it is."""

    files: FileCounts
    jobs_left: int = Field(description="What workers still have to do.")
    last_event: int = Field(description="Number of its latest event.")


class FlightPage(BaseModel):
    """Some flights, the newest first."""

    flights: list[ListedFlight]
    next: str | None


class AnnouncedLine(Given):
    """A file that will be sent."""

    name: Annotated[str, PlainValidator(_a_text), WithJsonSchema({"type": "string"})]
    bytes: Annotated[int, Field(strict=True, ge=0, le=2**62)]
    sha256: Sha256


class Announcement(Given):
    """Files that will be sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "files": [{"name": "DCIM/hello.jpg", "bytes": 6, "sha256": _EXAMPLE_SHA256}]
            }
        }
    )

    files: Annotated[list[AnnouncedLine], Field(min_length=1, max_length=MAX_ANNOUNCED)]


class LineProblem(BaseModel):
    """Why one file of many is refused."""

    code: str
    detail: str


class AnnouncedAnswer(BaseModel):
    """What is to be done about one announced file."""

    name: str = Field(description="As it is kept; of a refused one as it was given.")
    state: Literal["missing", "arrived", "refused"]
    problem: LineProblem | None = None


class AnnouncementAnswer(BaseModel):
    """A line for each announced file, in the order they were asked."""

    files: list[AnnouncedAnswer]


class ShownReason(BaseModel):
    """Why a file is held or rejected, or what is doubtful about it."""

    code: str
    detail: str | None
    advice: str = Field(description="What to do, in the asked language.")


class ShownOverride(BaseModel):
    """Who let a file through in spite of a hold."""

    who: str
    why: str
    at: datetime


class ReceiptLine(BaseModel):
    """What became of one file."""

    name: str
    bytes: int | None
    sha256: str | None
    state: FileState
    outcome: Outcome | None
    reasons: list[ShownReason]
    duplicate_of: str | None
    part_of: str | None
    override: ShownOverride | None


class ReceiptPage(BaseModel):
    """What became of some files of a flight, by name."""

    flight: str
    counts: FileCounts
    files: list[ReceiptLine]
    next: str | None


class Completion(BaseModel):
    """What came of saying that all files are there."""

    state: FlightState
    missing: list[str] = Field(description="Announced and not arrived; at most 1000 names.")
    missing_count: int


class OverrideOrder(Given):
    """Which held file is let through, and why."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "DCIM/DJI_0001.JPG", "why": "seen on site"}}
    )

    name: Annotated[str, Field(min_length=1, max_length=4000, description="As in the receipt.")]
    why: Why


class PatrolPhotoAnswer(BaseModel):
    """The flight that a patrol photo went into, and its line of the receipt."""

    flight: str
    file: ReceiptLine
