"""Bytes kept in S3, or in anything that speaks it."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from service.blobs.blob_cache import BlobCache
from service.blobs.blob_store import (
    CHUNK_BYTES,
    ListedBytes,
    blob_key,
    checked_pieces,
    clip_range,
    hash_of_key,
    read_pieces,
)
from service.blobs.disk import telling_full_disk
from service.blobs.errors import BlobNotFoundError, BlobsUnavailableError

if TYPE_CHECKING:  # obstore has these for type checkers alone
    from obstore import GetOptions, GetResult
    from obstore.store import ClientConfig, S3Config

# S3 takes 10,000 parts of one object: 80 GB, beyond any card's video. Few at once, so that an
# upload holds 32 MB.
PART_BYTES = 8 << 20
PARTS_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """How to reach a bucket; what is None is taken from AWS_… variables or the machine's role.

    Attributes:
        endpoint: URL of a server that is not Amazon's; `http:` only where it is meant.
        max_retries: Of one request, with growing pauses.
    """

    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    max_retries: int = 5


class S3Blobs:
    """A bucket with bytes as `prefix/ab/abcdef…`, and copies of those in use on this machine.

    S3 shows an object when all its parts have arrived, never before.
    """

    def __init__(self, bucket: str, *, prefix: str, options: S3Options, cache: BlobCache) -> None:
        """Keep bytes in a bucket that exists."""
        self._bucket = bucket
        self._cache = cache
        self._store = _open_store(bucket, prefix, options)

    def put_file(self, path: Path, *, sha256: str, move: bool = False) -> None:
        """Keep the bytes of a file; see BlobStore."""
        key, size = blob_key(sha256), path.lstat().st_size
        if path.is_symlink() or not path.is_file():
            raise ValueError(f"not a regular file: {path}")
        if self.size(sha256) != size:
            pieces = checked_pieces(read_pieces(path), sha256=sha256)
            with self._telling_trouble_of_writing():
                if size <= PART_BYTES:
                    obstore.put(self._store, key, b"".join(pieces), use_multipart=False)
                else:
                    obstore.put(
                        self._store,
                        key,
                        pieces,
                        chunk_size=PART_BYTES,
                        max_concurrency=PARTS_AT_ONCE,
                    )
        if move:
            path.unlink()

    def put_bytes(self, data: bytes) -> str:
        """Keep bytes and return their SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.exists(sha256):
            with self._telling_trouble_of_writing():
                obstore.put(self._store, blob_key(sha256), data, chunk_size=PART_BYTES)
        return sha256

    def size(self, sha256: str) -> int | None:
        """Return how many bytes are kept under this SHA-256, or None where none are."""
        try:
            with self._telling_trouble():
                return obstore.head(self._store, blob_key(sha256))["size"]
        except BlobNotFoundError:
            return None

    def exists(self, sha256: str) -> bool:
        """Tell whether bytes are kept under this SHA-256."""
        return self.size(sha256) is not None

    def stream(self, sha256: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return kept bytes piece by piece; see BlobStore."""
        size = self.size(sha256)
        if size is None:
            raise BlobNotFoundError(f"no bytes are kept under {sha256}")
        start, end = clip_range(start, end, size=size)
        if start == end:
            return iter(())
        with self._telling_trouble():
            options: GetOptions = {"range": (start, end)}
            found = obstore.get(self._store, blob_key(sha256), options=options)
        return self._pieces(found)

    def read(self, sha256: str, *, start: int = 0, end: int | None = None) -> bytes:
        """Return kept bytes at once."""
        return b"".join(self.stream(sha256, start=start, end=end))

    def delete(self, sha256: str) -> None:
        """Remove bytes, and their copy here; those that are not there are no error."""
        self._cache.drop(sha256)
        try:
            with self._telling_trouble():
                obstore.delete(self._store, blob_key(sha256))
        except BlobNotFoundError:
            return

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """Lend a copy, which is checked when it arrives."""
        blob_key(sha256)  # nothing else becomes a name in the cache
        return self._cache.lend(sha256, lambda path: self._download(sha256, path))

    def check(self) -> None:
        """Find out whether the bucket can be read."""
        with self._telling_trouble_of_writing():
            next(iter(obstore.list(self._store, chunk_size=1)), None)

    def list_all(self) -> Iterator[ListedBytes]:
        """Return all that is kept; see BlobStore."""
        with self._telling_trouble_of_writing():
            for page in obstore.list(self._store, chunk_size=1000):
                for found in page:
                    if (sha256 := hash_of_key(found["path"])) is not None:
                        yield ListedBytes(
                            sha256=sha256,
                            byte_count=found["size"],
                            changed_at=found["last_modified"],
                        )

    def sweep(self, *, now: datetime, max_age: timedelta) -> int:
        """Remove copies that killed processes held; uploads that broke off expire by S3's rules."""
        return self._cache.sweep(now=now, max_age=max_age)

    def _download(self, sha256: str, path: Path) -> None:
        pieces = checked_pieces(self.stream(sha256), sha256=sha256)
        with telling_full_disk(path.parent):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())

    def _pieces(self, found: "GetResult") -> Iterator[bytes]:
        with self._telling_trouble():
            for piece in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(piece)

    @contextmanager
    def _telling_trouble_of_writing(self) -> Iterator[None]:
        """Say that the bucket is missing: nothing else can be, where nothing is looked for."""
        try:
            with self._telling_trouble():
                yield
        except BlobNotFoundError as error:
            raise BlobsUnavailableError(f"there is no bucket {self._bucket}") from error

    @contextmanager
    def _telling_trouble(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise BlobNotFoundError(f"not in bucket {self._bucket}") from error
        except BaseError as error:
            # Only its first line is for people; the rest repeats it as Rust prints it.
            reason = str(error).partition("\n")[0]
            raise BlobsUnavailableError(f"bucket {self._bucket}: {reason}") from error


def _open_store(bucket: str, prefix: str, options: S3Options) -> S3Store:
    config: S3Config = {}
    if options.endpoint is not None:
        config["endpoint"] = options.endpoint
    if options.region is not None:
        config["region"] = options.region
    if options.access_key_id is not None:
        config["access_key_id"] = options.access_key_id
    if options.secret_access_key is not None:
        config["secret_access_key"] = options.secret_access_key
    client: ClientConfig = {}
    if options.endpoint is not None and options.endpoint.startswith("http://"):
        client["allow_http"] = True
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options=client,
        retry_config={"max_retries": options.max_retries},
    )
