"""Places to keep bytes: a folder, and a bucket on an S3 server in a process of its own."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

import httpx
import pytest

from service.blobs.blob_store import BlobStore
from service.blobs.local_blobs import LocalBlobs
from service.blobs.open_blobs import open_blobs
from service.blobs.s3_blobs import S3Options

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
NewBucket = Callable[[], str]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Return the URL of moto's S3 server."""
    for package in ("moto", "flask", "flask_cors"):
        pytest.importorskip(package, reason="moto's S3 server is not installed")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        assert server.stdout is not None
        try:
            found = next(filter(None, map(ADDRESS.search, server.stdout)), None)
            assert found, "moto's server did not start"
            # It writes a line for each request, and would wait for ever at a full pipe.
            Thread(target=server.stdout.read, daemon=True).start()
            yield found[0]
        finally:
            server.kill()


@pytest.fixture
def s3_options(s3_server: str) -> S3Options:
    """Return how to reach the server."""
    return S3Options(
        endpoint=s3_server,
        region="us-east-1",
        access_key_id="somebody",
        secret_access_key="secret-of-somebody",
        max_retries=1,
    )


@pytest.fixture
def new_bucket(s3_server: str) -> NewBucket:
    """Return a function that makes a bucket."""

    def make() -> str:
        name = f"bucket-{uuid4().hex}"
        httpx.put(f"{s3_server}/{name}").raise_for_status()
        return name

    return make


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """Return an empty place to keep bytes: one test runs on each kind."""
    if request.param == "folder":
        return LocalBlobs(tmp_path / "blobs")
    bucket = request.getfixturevalue("new_bucket")()
    options = request.getfixturevalue("s3_options")
    return open_blobs(f"s3://{bucket}/city/blobs", cache=tmp_path / "cache", s3=options)
