"""Commands of the guide and of the API's description, pasted into a shell before a real server."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from inference.receipt import Outcome, Reason, ReasonCode
from service.access.roles import Role
from service.blobs.open_blobs import open_blobs
from service.store.blobs import BlobKind, confirm_blob, reserve_blob, use_blob
from service.store.engine import open_engine, writing
from service.store.files import AnnouncedFile, receive_file, settle_file
from service.store.jobs import JobKind, NewJob, claim, enqueue, fail
from service.store.keys import ApiKey, add_key
from tests.service.api.live_api import LiveApi
from tests.service.api.sending import FLIGHT

pytestmark = pytest.mark.slow
GUIDE = Path(__file__).parents[3] / "docs" / "api.md"
HELLO = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
UPLOAD = "0198c7a000007000800000000000000a"  # of the examples
# The same program, which also tells the status, and ends streams that go on.
TELL = "%{stderr}status %{http_code}\\n"
CURL = f"""curl() {{ command curl -m $LIMIT_S -D "$FOLDER/head" -w '{TELL}' "$@"; }}
"""


@dataclass
class Shell:
    """A shell with what the guide says has to be set."""

    api: LiveApi
    key: str
    folder: Path

    def paste(self, command: str) -> list[int]:
        """Run a command and return the statuses of its calls."""
        own = {"SERVER": self.api.address, "KEY": self.key, "FOLDER": str(self.folder)}
        own["LIMIT_S"] = "1" if "/events" in command else "60"
        done = subprocess.run(
            ["bash", "-c", CURL + command.replace("/tmp/", "$FOLDER/")],
            capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", **own},
        )  # fmt: skip
        statuses = [int(one) for one in re.findall(r"^status (\d+)$", done.stderr, re.MULTILINE)]
        assert statuses, f"{command}\n{done.stderr}"
        assert all(200 <= one < 300 for one in statuses), f"{command}\n{statuses}\n{done.stdout}"
        return statuses


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    api = LiveApi(tmp_path, f"sqlite:///{tmp_path / 'store.sqlite'}", {})
    api.start()
    yield Shell(api, "", tmp_path)
    assert "Traceback" not in api.log()
    api.close()


def new_key(api: LiveApi, *roles: Role) -> str:
    return api.new_key(*roles)["Authorization"].partition(" ")[2]


def test_the_guide(shell: Shell) -> None:
    shell.key = new_key(shell.api, Role.ADMIN)  # as the first start shows one
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert blocks[0].startswith("export SERVER=")
    calls = sum(len(shell.paste(block)) for block in blocks[1:])
    assert calls == sum(block.count("curl ") for block in blocks[1:]) > 10


def test_the_description(shell: Shell) -> None:
    shell.key = new_key(shell.api, *Role)
    with shell.api.client({"Authorization": f"Bearer {shell.key}"}) as client:
        paths = client.get("/v1/openapi.json").json()["paths"]
    samples = [
        one["x-codeSamples"][0]["source"] for path in paths.values() for one in path.values()
    ]
    assert len(samples) > 30
    declare = next(one for one in samples if "Friday" in one)
    begin = next(one for one in samples if "Upload-Length" in one)
    shell.paste(declare)
    make_world(shell)
    shell.paste(begin)
    head = (shell.folder / "head").read_text()
    upload = re.search(r"^location: /v1/uploads/(\w+)", head, re.IGNORECASE | re.MULTILINE)
    assert upload is not None
    # Last what ends something.
    for sample in sorted({*samples} - {declare, begin}, key=lambda one: ("DELETE" in one, one)):
        shell.paste(sample.replace(UPLOAD, upload[1]))


def make_world(shell: Shell) -> None:
    """Keep what the examples talk about, beside the flight that one of them declares."""
    now = datetime.now(UTC)
    open_blobs(str(shell.api.data / "blobs"), cache=shell.folder / "cache").put_bytes(b"hello\n")
    engine = open_engine(shell.api.url)
    with writing(engine) as session:
        for kind in (BlobKind.ORIGINAL, BlobKind.CROP):
            reserve_blob(session, HELLO, kind, byte_count=6, now=now)
            confirm_blob(session, HELLO, kind, now=now)
        use_blob(session, HELLO, BlobKind.CROP, used_by=f"flight:{FLIGHT}")
        for name in ("DCIM/hello.jpg", "DCIM/DJI_0001.JPG"):
            file = AnnouncedFile(name=name, byte_count=6, sha256=HELLO)
            receive_file(session, FLIGHT, file, media_type="image/jpeg", now=now)
        reasons = [Reason(code=ReasonCode.NOT_VISUAL_BAND)]
        settle_file(session, FLIGHT, "DCIM/DJI_0001.JPG", Outcome.HELD, reasons, now=now)
        key = ApiKey(
            id="3f9a1c5d7e2b4a60", name="laptop", secret_sha256="0" * 64, roles=("operator",),
            units=None, created_at=now,
        )  # fmt: skip
        add_key(session, key)
        add_failed_jobs(session, now, count=10)
    engine.dispose()


def add_failed_jobs(session: Session, now: datetime, *, count: int) -> None:
    """Add failed jobs: the example retries number 7."""
    for number in range(count):
        enqueue(session, NewJob(kind=JobKind.INSPECT, key=f"{number}", max_attempts=1), now=now)
    lease = timedelta(minutes=1)
    for job in claim(
        session, worker="w", kinds=[JobKind.INSPECT], lease=lease, now=now, limit=count
    ):
        fail(session, job, code="inspection_failed", now=now)
