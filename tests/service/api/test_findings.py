"""Findings, their pictures, and sealed originals: what is shown to whom, and what is logged."""

import pytest
from fastapi.testclient import TestClient

from service.access.roles import Role
from service.deployment import Deployment
from service.store.access_log import read_access_log
from service.store.blobs import BlobKind, confirm_blob, reserve_blob, use_blob
from service.store.engine import reading, writing
from service.store.findings import StoredFinding, replace_findings
from service.store.flights import note_conclusion
from service.store.inspections import Run, save_run
from tests.service.api.conftest import NewKey, TestClock
from tests.service.api.sending import FLIGHT, declare, send, sha256_of

RUN = Run(
    id="run", model_name="m", model_version="1", model_sha256="0", settings_hash="0",
    pipeline_version="1",
)  # fmt: skip
ORIGINAL = bytes(range(100))
CROP, PHOTO = b"a crop, faces hidden", b"a photo, faces hidden"
FINDINGS = f"/v1/flights/{FLIGHT}/findings"
LOOK = f"/v1/flights/{FLIGHT}/originals/{sha256_of(ORIGINAL)}"


@pytest.fixture
def key(client: TestClient, new_key: NewKey) -> dict[str, str]:
    """Return the headers of an operator of the unit west, whose flight has one photo."""
    key = new_key(Role.OPERATOR, units=["west"])
    declare(client, key)
    assert send(client, key, "DCIM/照 片.jpg", ORIGINAL).status_code == 201
    return key


def make_finding(finding_id: str, confidence: float, *evidence: tuple[str, bytes]) -> StoredFinding:
    files = [{"role": role, "sha256": sha256_of(data)} for role, data in evidence]
    record = {"class": "garbage", "position": None, "evidence": files}
    return StoredFinding(id=finding_id, class_name="garbage", confidence=confidence, record=record)


def conclude(deployment: Deployment, clock: TestClock, *findings: StoredFinding) -> None:
    """Keep findings, and their pictures, as a worker does."""
    with writing(deployment.engine) as session:
        for data in (CROP, PHOTO):
            deployment.blobs.put_bytes(data)
            sha256 = sha256_of(data)
            reserve_blob(session, sha256, BlobKind.CROP, byte_count=len(data), now=clock.now)
            confirm_blob(session, sha256, BlobKind.CROP, now=clock.now)
            use_blob(session, sha256, BlobKind.CROP, used_by=f"flight:{FLIGHT}")
        save_run(session, RUN)
        replace_findings(session, FLIGHT, RUN.id, findings)
        note_conclusion(session, FLIGHT, run_id=RUN.id, data={}, now=clock.now)


def test_the_surest_comes_first_with_its_pictures(
    client: TestClient, key: dict[str, str], deployment: Deployment, clock: TestClock
) -> None:
    assert client.get(FINDINGS, headers=key).json()["features"] == []
    conclude(
        deployment,
        clock,
        make_finding("b", 0.5),
        make_finding("a", 0.9, ("crop", CROP), ("photo", PHOTO), ("crop", b"of a worse view")),
    )

    answer = client.get(FINDINGS, headers=key)

    assert answer.headers["Content-Type"] == "application/geo+json"
    features = answer.json()["features"]
    assert [(one["id"], one["geometry"]) for one in features] == [("a", None), ("b", None)]
    assert features[0]["properties"]["pictures"] == {
        "crop": f"/v1/pictures/{sha256_of(CROP)}",
        "context": f"/v1/pictures/{sha256_of(PHOTO)}",
    }
    assert features[1]["properties"]["pictures"] == {"crop": None, "context": None}
    picture = client.get(features[0]["properties"]["pictures"]["crop"], headers=key)
    assert (picture.content, picture.headers["Content-Type"]) == (CROP, "image/jpeg")


def test_what_a_client_has_is_not_sent_again(
    client: TestClient, key: dict[str, str], deployment: Deployment, clock: TestClock
) -> None:
    conclude(deployment, clock, make_finding("a", 0.9))
    tag = client.get(FINDINGS, headers=key).headers["ETag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        same = client.get(FINDINGS, headers=key | {"If-None-Match": known})
        assert (same.status_code, same.content) == (304, b"")
    conclude(deployment, clock, make_finding("b", 0.9))
    assert client.get(FINDINGS, headers=key | {"If-None-Match": tag}).status_code == 200

    crop = f"/v1/pictures/{sha256_of(CROP)}"
    first = client.get(crop, headers=key)
    assert "immutable" in first.headers["Cache-Control"]
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(crop, headers=key | known).status_code == 304


def test_pictures_are_for_those_who_may_see_a_flight_with_them(
    client: TestClient,
    key: dict[str, str],
    new_key: NewKey,
    deployment: Deployment,
    clock: TestClock,
) -> None:
    conclude(deployment, clock)
    crop = f"/v1/pictures/{sha256_of(CROP)}"
    assert client.get(crop, headers=new_key(Role.AUDITOR)).status_code == 200
    assert client.get(crop, headers=new_key(Role.TRACKER)).status_code == 403
    north = new_key(Role.OPERATOR, units=["north"])
    assert client.get(crop, headers=north).status_code == 404
    assert client.get(FINDINGS, headers=north).status_code == 404
    # They lie under their hashes too, with every face in them.
    original = f"/v1/pictures/{sha256_of(ORIGINAL)}"
    assert client.get(original, headers=new_key(*Role)).status_code == 404


def test_parts_of_an_original(client: TestClient, key: dict[str, str], new_key: NewKey) -> None:
    reviewer = new_key(Role.REVIEWER)
    part = client.get(f"{LOOK}?why=x", headers=reviewer | {"Range": "bytes=90-4000"})
    beyond = client.get(f"{LOOK}?why=x", headers=reviewer | {"Range": "bytes=100-"})

    assert (part.status_code, part.content) == (206, ORIGINAL[90:])
    assert part.headers["Accept-Ranges"] == "bytes"
    assert part.headers["Content-Range"] == "bytes 90-99/100"
    assert part.headers["Content-Length"] == "10"
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range_not_satisfiable")
    assert beyond.headers["Content-Range"] == "bytes */100"


def test_every_look_at_an_original_is_logged(
    client: TestClient, key: dict[str, str], new_key: NewKey, deployment: Deployment
) -> None:
    reviewer = new_key(Role.REVIEWER, name="Wang")

    first = client.get(LOOK, params={"why": "complaint 118"}, headers=reviewer)
    client.get(LOOK, params={"why": "once more"}, headers=reviewer | {"Range": "bytes=0-0"})

    assert first.content == ORIGINAL
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E7%85")
    assert "sandbox" in first.headers["Content-Security-Policy"]
    with reading(deployment.engine) as session:
        log = [line for _, line in read_access_log(session)]
    assert [(one.action, one.object, one.detail) for one in log] == [
        ("view_original", f"flight/{FLIGHT}/DCIM/照 片.jpg", f"{sha256_of(ORIGINAL)}: {why}")
        for why in ("complaint 118", "once more")
    ]
    assert {one.who.partition(":")[0] for one in log} == {"key"}


def test_a_look_needs_a_reason_the_role_and_the_unit_and_what_is_refused_is_no_look(
    client: TestClient, key: dict[str, str], new_key: NewKey, deployment: Deployment
) -> None:
    reviewer = new_key(Role.REVIEWER)
    for query in ("", "?why=", "?why=%20", "?why=a%0Ab", f"?why={'x' * 501}"):
        assert client.get(LOOK + query, headers=reviewer).status_code == 422, query
    for role in (Role.OPERATOR, Role.ADMIN, Role.AUDITOR, Role.TRACKER):
        assert client.get(f"{LOOK}?why=x", headers=new_key(role)).status_code == 403
    north = new_key(Role.REVIEWER, units=["north"])
    assert client.get(f"{LOOK}?why=x", headers=north).status_code == 404
    unknown = LOOK.replace(sha256_of(ORIGINAL), "0" * 64)
    assert client.get(f"{unknown}?why=x", headers=reviewer).status_code == 404
    with reading(deployment.engine) as session:
        assert read_access_log(session) == []


def test_an_original_whose_time_is_over_is_gone(
    client: TestClient, key: dict[str, str], new_key: NewKey, deployment: Deployment
) -> None:
    deployment.blobs.delete(sha256_of(ORIGINAL))
    answer = client.get(f"{LOOK}?why=x", headers=new_key(Role.REVIEWER))
    assert (answer.status_code, answer.json()["code"]) == (404, "bytes_gone")
