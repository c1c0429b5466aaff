"""The place where bytes are kept, by its URL."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from service.blobs.blob_cache import BlobCache
from service.blobs.blob_store import BlobStore
from service.blobs.local_blobs import LocalBlobs
from service.blobs.s3_blobs import S3Blobs, S3Options
from service.errors import CannotStartError

STANDARD_S3 = S3Options()
CACHE_BYTES = 10 << 30


def open_blobs(
    url: str, *, cache: Path, cache_bytes: int = CACHE_BYTES, s3: S3Options = STANDARD_S3
) -> BlobStore:
    """Return the place that a URL names; nothing is read or written yet.

    Args:
        url: A folder, as a path or `file:///…`, or `s3://bucket/prefix`.
        cache: Folder for copies of what is kept far away; not used for a folder.
        cache_bytes: Of those copies.
        s3: How to reach S3.

    Raises:
        CannotStartError: The URL names no such place.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return _open_s3(url, BlobCache(cache, max_bytes=cache_bytes), s3)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise CannotStartError(f"blobs: {url} names no folder of this machine; file:///folder")
        return LocalBlobs(Path(unquote(parts.path)))
    if not url or "://" in url:
        raise CannotStartError("blobs: give a folder, file:///folder or s3://bucket/prefix")
    return LocalBlobs(Path(url))


def _open_s3(url: str, cache: BlobCache, options: S3Options) -> BlobStore:
    parts = urlsplit(url)
    # Never in a message: what stands before an @ may be a secret.
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise CannotStartError("blobs: s3://bucket/prefix takes no user, query or fragment")
    if not parts.netloc:
        raise CannotStartError(f"blobs: {url} names no bucket; give s3://bucket/prefix")
    prefix = unquote(parts.path).strip("/")
    return S3Blobs(parts.netloc, prefix=prefix, options=options, cache=cache)
