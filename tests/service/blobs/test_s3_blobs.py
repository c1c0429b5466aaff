"""S3: errors that help, secrets that stay in, copies that are checked."""

from collections.abc import Callable
from pathlib import Path

import httpx
import obstore
import pytest
from obstore.store import S3Store

from service.blobs.blob_store import blob_key
from service.blobs.errors import BlobDamagedError, BlobsUnavailableError
from service.blobs.local_blobs import LocalBlobs
from service.blobs.open_blobs import open_blobs
from service.blobs.s3_blobs import PART_BYTES, S3Blobs, S3Options
from service.errors import CannotStartError


def test_a_missing_bucket_is_an_error_and_no_missing_blob(
    tmp_path: Path, s3_options: S3Options
) -> None:
    blobs = open_blobs("s3://no-such-bucket", cache=tmp_path, s3=s3_options)
    with pytest.raises(BlobsUnavailableError, match="no-such-bucket"):
        blobs.put_bytes(b"abc")
    with pytest.raises(BlobsUnavailableError, match="no-such-bucket"):
        blobs.check()


def test_a_server_that_is_away_is_told_in_one_line(tmp_path: Path) -> None:
    away = S3Options(
        endpoint="http://127.0.0.1:9",  # the port of "discard", where nobody listens
        region="us-east-1",
        access_key_id="somebody",
        secret_access_key="secret-of-somebody",
        max_retries=0,
    )
    blobs = open_blobs("s3://bucket", cache=tmp_path, s3=away)
    for call in (lambda: blobs.put_bytes(b"abc"), blobs.check, lambda: blobs.exists("0" * 64)):
        with pytest.raises(BlobsUnavailableError) as caught:
            call()
        assert "\n" not in str(caught.value)
        assert "secret-of-somebody" not in str(caught.value)


def test_bytes_that_changed_far_away_are_not_handed_out(
    tmp_path: Path, s3_options: S3Options, new_bucket: Callable[[], str]
) -> None:
    bucket = new_bucket()
    blobs = open_blobs(f"s3://{bucket}", cache=tmp_path, s3=s3_options)
    sha256 = blobs.put_bytes(b"abc")
    obstore.put(_bucket_itself(bucket, s3_options), blob_key(sha256), b"abd")
    with pytest.raises(BlobDamagedError, match=sha256), blobs.local_path(sha256):
        pass
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_upload_that_fails_leaves_no_parts_behind(
    tmp_path: Path, s3_options: S3Options, new_bucket: Callable[[], str]
) -> None:
    bucket = new_bucket()
    blobs = open_blobs(f"s3://{bucket}", cache=tmp_path / "cache", s3=s3_options)
    (tmp_path / "arrived").write_bytes(bytes(2 * PART_BYTES + 1))
    with pytest.raises(BlobDamagedError):
        blobs.put_file(tmp_path / "arrived", sha256="0" * 64)
    listing = httpx.get(f"{s3_options.endpoint}/{bucket}?uploads")
    assert "ListMultipartUploadsResult" in listing.text
    assert "<Key>" not in listing.text


def test_the_prefix_keeps_deployments_apart(
    tmp_path: Path, s3_options: S3Options, new_bucket: Callable[[], str]
) -> None:
    bucket = new_bucket()
    ours = open_blobs(f"s3://{bucket}/ours/", cache=tmp_path / "a", s3=s3_options)
    theirs = open_blobs(f"s3://{bucket}/theirs", cache=tmp_path / "b", s3=s3_options)
    sha256 = ours.put_bytes(b"abc")
    assert ours.exists(sha256)
    assert not theirs.exists(sha256)


def test_the_secret_is_not_shown() -> None:
    assert "hidden" not in repr(S3Options(secret_access_key="hidden"))


def test_urls_name_places(tmp_path: Path, s3_options: S3Options) -> None:
    folder = tmp_path / "with space"
    for url in (str(folder), folder.as_uri()):
        blobs = open_blobs(url, cache=tmp_path / "cache")
        assert isinstance(blobs, LocalBlobs)
        sha256 = blobs.put_bytes(b"abc")
        assert (folder / blob_key(sha256)).is_file()
    s3 = open_blobs("s3://bucket/prefix", cache=tmp_path, s3=s3_options)
    assert isinstance(s3, S3Blobs)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://host/folder", "file://host/folder", "s3://", "s3://me:word@bucket", "s3://b?x=1"],
)
def test_urls_of_no_place_are_refused_without_their_secrets(tmp_path: Path, url: str) -> None:
    with pytest.raises(CannotStartError) as caught:
        open_blobs(url, cache=tmp_path)
    assert "word" not in str(caught.value)


def _bucket_itself(bucket: str, options: S3Options) -> S3Store:
    return S3Store(
        bucket,
        endpoint=options.endpoint or "",
        region="us-east-1",
        access_key_id=options.access_key_id or "",
        secret_access_key=options.secret_access_key or "",
        client_options={"allow_http": True},
    )
