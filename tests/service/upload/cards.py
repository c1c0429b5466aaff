"""Cards and uploads of tests."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.running_server import RunningServer
from service.access.secrets import Secret
from service.upload.errors import Message
from service.upload.job import Upload, UploadOptions, UploadResult
from service.upload.meter import Progress

JPEG_HEAD = b"\xff\xd8\xff\xe0"


def write_photo(path: Path, byte_count: int, *, seed: int) -> Path:
    """Write bytes that begin like a JPEG and are like no other photo's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).bytes(max(0, byte_count - len(JPEG_HEAD)))
    path.write_bytes((JPEG_HEAD + noise)[:byte_count])
    return path


def write_card(folder: Path, *, photos: int, byte_count: int, seed: int) -> Path:
    """Write a card with photos that no other test has."""
    for number in range(photos):
        write_photo(folder / "DCIM" / f"DJI_{number:04}.JPG", byte_count, seed=1000 * seed + number)
    return folder


@dataclass
class RecordingScreen:
    """Keeps what a person would see; `waits` is set while the upload waits."""

    notes: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    waits: threading.Event = field(default_factory=threading.Event)

    def note(self, message: Message) -> None:
        self.notes.append(message.key)

    def show(self, progress: Progress) -> None:
        if progress.waiting is not None:
            self.waiting.append(progress.waiting.key)
            self.waits.set()


def upload_card(
    card: Path,
    server: RunningServer,
    state: Path,
    *,
    url: str | None = None,
    key: str | None = None,
    screen: RecordingScreen | None = None,
    **changed: object,
) -> UploadResult:
    """Upload as the command does, in this process; nobody waits for a worker that is not there."""
    options = UploadOptions(
        paths=(card,),
        server=url or server.url,
        key=Secret(key or server.key),
        state_folder=state,
        answers_s=0.0,
        **changed,  # type: ignore[arg-type]
    )
    upload = Upload(options, screen or RecordingScreen())
    try:
        return upload.run(upload.declare())
    finally:
        upload.close()
