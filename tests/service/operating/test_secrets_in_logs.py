"""A service on PostgreSQL and S3 that logs all it can: no secret is in it."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from service.blobs.s3_blobs import S3Options
from tests.service.serving.served import Served, serving

pytestmark = pytest.mark.slow
DATABASE_PASSWORD = "db-Geheimnis-77"
WRONG_KEY = f"sp_{'0' * 16}_{'Wrong-secret-of-a-key' * 3}"[:63]
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLWFubg"
FLIGHT = "0198c7a0-0000-7000-8000-000000000001"
PHOTO = b"no photo at all"


def upload(served: Served) -> list[int]:
    """Send a file, and call with wrong credentials; return the answers' statuses."""
    digest = base64.b64encode(hashlib.sha256(PHOTO).digest()).decode()
    with served.client() as client:
        answers = [
            client.post("/v1/flights", json={"id": FLIGHT, "name": "card"}),
            client.put(
                f"/v1/flights/{FLIGHT}/files/a.jpg",
                content=PHOTO,
                headers={"Content-Digest": f"sha-256=:{digest}:"},
            ),
            client.get("/readyz"),
            client.get(f"/v1/keys?key={WRONG_KEY}&token={TOKEN}"),
            *(
                client.get("/v1/keys", headers={"Authorization": f"Bearer {wrong}"})
                for wrong in (WRONG_KEY, TOKEN)
            ),
            client.post("/v1/keys", json={"name": "ann", "roles": ["operator"]}),
        ]
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("bucket_answers", [True, False], ids=["all is well", "no bucket"])
def test_logs_hold_no_secret(
    bucket_answers: bool,
    tmp_path: Path,
    postgres_server: str,
    s3_options: S3Options,
    new_bucket: Callable[[], str],
    new_database: Callable[[], str],
) -> None:
    address = new_database().replace("postgres@", f"postgres:{DATABASE_PASSWORD}@")
    bucket = new_bucket() if bucket_answers else "no-such-bucket"
    environment = {
        "SKYPATROL_DATABASE": address,
        "SKYPATROL_BLOBS": f"s3://{bucket}/city",
        "SKYPATROL_S3_ENDPOINT": str(s3_options.endpoint),
        "SKYPATROL_S3_REGION": "us-east-1",
        "SKYPATROL_S3_ACCESS_KEY": str(s3_options.access_key_id),
        "SKYPATROL_S3_SECRET_KEY": str(s3_options.secret_access_key),
        "SKYPATROL_LOG_LEVEL": "DEBUG",
    }
    with serving(tmp_path / "data", environment=environment) as served:
        statuses = upload(served)
        key = served.key
        served.stop()
    assert statuses[3:] == [422, 401, 401, 201]  # unknown parameters are refused
    assert statuses[:3] == ([201, 201, 200] if bucket_answers else [201, 503, 503])
    assert key is not None
    log = "".join(served.logged)
    assert "service.api.access" in log
    for secret in (
        DATABASE_PASSWORD,
        str(s3_options.secret_access_key),
        key.reveal()[20:],
        WRONG_KEY[20:],
        TOKEN.split(".")[1],
        TOKEN.split(".")[2],
    ):
        assert secret not in log
