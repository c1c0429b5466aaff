"""Files announced and sent over HTTP: whole and unharmed, or not at all."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from inference.receipt import Outcome, Reason, ReasonCode
from service.access.roles import Role
from service.api.app import create_app
from service.deployment import Deployment
from service.errors import UnknownRecordError
from service.server_settings import ServerSettings
from service.store.engine import reading, writing
from service.store.files import read_file, settle_file
from service.store.jobs import JobKind, count_jobs
from tests.service.api.conftest import NewKey, TestClock
from tests.service.api.sending import FLIGHT, announce, declare, digest_of, send, sha256_of

HELLO, WORLD = b"hello\n", b"world\n"


@pytest.fixture
def database_url(url: str) -> str:
    """Return the address of both kinds of stores in turn."""
    return url


@pytest.fixture
def key(client: TestClient, new_key: NewKey) -> dict[str, str]:
    """Return the headers of an operator, whose flight is declared."""
    key = new_key(Role.OPERATOR)
    declare(client, key)
    return key


def incoming(deployment: Deployment) -> list[str]:
    if not deployment.incoming.exists():
        return []
    return [path.name for path in deployment.incoming.iterdir() if path.is_file()]


def code(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]  # type: ignore[attr-defined]


# Announced.


def test_each_file_has_its_answer_in_the_order_asked(
    client: TestClient, key: dict[str, str]
) -> None:
    send(client, key, "there.jpg", HELLO)

    answers = announce(
        client,
        key,
        ("b/missing.jpg", WORLD),
        ("../../etc/passwd", WORLD),
        ("there.jpg", HELLO),
        ("a\\windows.jpg", WORLD),
        ("", WORLD),
    )

    assert [(one["name"], one["state"]) for one in answers] == [
        ("b/missing.jpg", "missing"),
        ("../../etc/passwd", "refused"),
        ("there.jpg", "arrived"),
        ("a/windows.jpg", "missing"),
        ("", "refused"),
    ]
    assert [(one["problem"] or {"code": None})["code"] for one in answers] == [
        None, "unsafe_name", None, None, "unsafe_name",
    ]  # type: ignore[index]  # fmt: skip


def test_other_bytes_under_a_taken_name_are_refused_and_the_rest_goes_on(
    client: TestClient, key: dict[str, str]
) -> None:
    send(client, key, "a.jpg", HELLO)
    answers = announce(client, key, ("a.jpg", WORLD), ("b.jpg", WORLD))
    assert [one["state"] for one in answers] == ["refused", "missing"]
    assert answers[0]["problem"]["code"] == "conflict"  # type: ignore[index]


def test_a_name_that_stands_twice_counts_once(client: TestClient, key: dict[str, str]) -> None:
    same = announce(client, key, ("a.jpg", HELLO), ("./a.jpg", HELLO))
    other = announce(client, key, ("b.jpg", HELLO), ("b.jpg", WORLD))
    assert [(one["name"], one["state"]) for one in same] == [("a.jpg", "missing")] * 2
    assert [one["state"] for one in other] == ["missing", "refused"]


def test_bytes_that_another_flight_of_the_unit_has_need_not_be_sent(
    client: TestClient, key: dict[str, str], new_key: NewKey
) -> None:
    send(client, key, "a.jpg", HELLO)
    north = new_key(Role.OPERATOR, units=["North"], name="north")
    same = declare(client, key, "0198c7a0-0000-7000-8000-000000000002")
    other = declare(client, north, "0198c7a0-0000-7000-8000-000000000003")
    assert announce(client, key, ("b.jpg", HELLO), flight_id=same)[0]["state"] == "arrived"
    assert announce(client, north, ("b.jpg", HELLO), flight_id=other)[0]["state"] == "missing"


def test_a_rejected_file_may_come_again_with_other_bytes(
    client: TestClient, key: dict[str, str], deployment: Deployment, clock: TestClock
) -> None:
    send(client, key, "a.jpg", HELLO)
    with writing(deployment.engine) as session:
        why = [Reason(code=ReasonCode.CANNOT_DECODE)]
        settle_file(session, FLIGHT, "a.jpg", Outcome.REJECTED, why, now=clock.now)
    assert announce(client, key, ("a.jpg", WORLD))[0]["state"] == "missing"
    assert send(client, key, "a.jpg", WORLD).status_code == 201


@pytest.mark.parametrize(
    "line",
    [
        {"name": "a", "bytes": -1, "sha256": "0" * 64},
        {"name": "a", "bytes": True, "sha256": "0" * 64},
        {"name": "a", "bytes": 1.5, "sha256": "0" * 64},
        {"name": "a", "bytes": 2**63, "sha256": "0" * 64},
        {"name": "a", "bytes": 1, "sha256": "0" * 63},
        {"name": "a", "bytes": 1, "sha256": "G" * 64},
        {"name": 5, "bytes": 1, "sha256": "0" * 64},
        {"name": "a", "bytes": 1},
    ],
)
def test_a_line_that_is_none_refuses_the_request(
    client: TestClient, key: dict[str, str], line: dict[str, object]
) -> None:
    answer = client.post(f"/v1/flights/{FLIGHT}/files", json={"files": [line]}, headers=key)
    assert code(answer) == (422, "invalid")


def test_half_a_character_in_a_name_is_shown_and_kept_as_such(
    client: TestClient, key: dict[str, str]
) -> None:
    body = b'{"files": [{"name": "a\\udcff\\ud800.jpg", "bytes": 1, "sha256": "%s"}]}' % (b"0" * 64)
    headers = key | {"Content-Type": "application/json"}
    answer = client.post(f"/v1/flights/{FLIGHT}/files", content=body, headers=headers)
    assert answer.json()["files"][0]["name"] == r"a\xff\ud800.jpg"


def test_too_many_lines_are_refused(client: TestClient, key: dict[str, str]) -> None:
    line = {"name": "a", "bytes": 1, "sha256": "0" * 64}
    for count in (0, 1001):
        answer = client.post(
            f"/v1/flights/{FLIGHT}/files", json={"files": [line] * count}, headers=key
        )
        assert code(answer) == (422, "invalid")


# Sent.


def test_a_file_that_was_sent_is_kept_and_a_job_looks_at_it(
    client: TestClient, key: dict[str, str], deployment: Deployment, clock: TestClock
) -> None:
    answer = send(client, key, "DCIM/a.jpg", HELLO)

    assert answer.status_code == 201
    line = answer.json()
    assert (line["name"], line["bytes"], line["sha256"]) == ("DCIM/a.jpg", 6, sha256_of(HELLO))
    assert (line["state"], line["outcome"], line["reasons"]) == ("received", None, [])
    assert deployment.blobs.read(sha256_of(HELLO)) == HELLO
    assert incoming(deployment) == []
    with reading(deployment.engine) as session:
        jobs = count_jobs(session, now=clock.now).by_state
    assert [(kind, count) for (kind, _), count in jobs.items()] == [(JobKind.RECEIVE, 1)]


def test_sent_twice_it_is_there_once(
    client: TestClient, key: dict[str, str], deployment: Deployment
) -> None:
    first, again = (send(client, key, "a.jpg", HELLO) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert client.get(f"/v1/flights/{FLIGHT}", headers=key).json()["last_event"] == 2


def test_no_bytes_are_a_file_too(client: TestClient, key: dict[str, str]) -> None:
    assert send(client, key, "empty.jpg", b"").json()["bytes"] == 0


def test_other_bytes_under_a_taken_name_are_refused(
    client: TestClient, key: dict[str, str], deployment: Deployment
) -> None:
    send(client, key, "a.jpg", HELLO)
    assert code(send(client, key, "a.jpg", WORLD)) == (409, "conflict")
    assert not deployment.blobs.exists(sha256_of(WORLD))


def test_bytes_that_do_not_hash_as_told_are_not_kept(
    client: TestClient, key: dict[str, str], deployment: Deployment
) -> None:
    answer = send(client, key, "a.jpg", HELLO, headers=digest_of(WORLD))
    assert code(answer) == (422, "digest_mismatch")
    assert incoming(deployment) == []
    assert not deployment.blobs.exists(sha256_of(HELLO))
    assert client.get(f"/v1/flights/{FLIGHT}", headers=key).json()["files"]["received"] == 0
    assert send(client, key, "a.jpg", HELLO).status_code == 201


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Content-Digest": ""}, (400, "bad_digest")),
        ({"Content-Digest": "nonsense"}, (400, "bad_digest")),
        ({"Content-Digest": "md5=:AAAA:"}, (400, "bad_digest")),
        ({"Content-Digest": "sha-256=:AAAA:"}, (400, "bad_digest")),
        ({"Content-Encoding": "gzip"}, (415, "encoding_not_supported")),
        ({"Content-Encoding": "identity"}, (201, None)),
        ({"Transfer-Encoding": "chunked"}, (411, "length_required")),
        ({"Content-Length": "00000000000000000005"}, (411, "length_required")),
    ],
)
def test_headers_that_are_needed(
    client: TestClient,
    key: dict[str, str],
    headers: dict[str, str],
    expected: tuple[int, str | None],
) -> None:
    answer = send(client, key, "a.jpg", HELLO, headers=headers)
    assert (answer.status_code, answer.json().get("code")) == expected


def test_a_digest_is_needed(client: TestClient, key: dict[str, str]) -> None:
    answer = client.put(f"/v1/flights/{FLIGHT}/files/a.jpg", content=HELLO, headers=key)
    assert code(answer) == (400, "bad_digest")


def test_another_digest_than_sha_256_is_enough(client: TestClient, key: dict[str, str]) -> None:
    # Of no bytes: FIPS 180-4's well-known value.
    digest = "sha-512=:z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==:"  # noqa: E501
    assert send(client, key, "a.jpg", b"", headers={"Content-Digest": digest}).status_code == 201
    assert send(client, key, "b.jpg", b"x", headers={"Content-Digest": digest}).status_code == 422


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("DCIM/100MEDIA/DJI_0001.JPG", "DCIM/100MEDIA/DJI_0001.JPG"),
        ("%E8%A1%97%E9%81%93/%E7%85%A7%E7%89%87.jpg", "街道/照片.jpg"),
        ("a%2Fb.jpg", "a/b.jpg"),
        ("a%5Cb.jpg", "a/b.jpg"),
        ("a%20b%3F%23.jpg", "a b?#.jpg"),
        ("%FF%FE.jpg", r"\xff\xfe.jpg"),
        ("a%09b.jpg", r"a\u0009b.jpg"),
        ("%E2%80%AEgpj.exe", r"\u202egpj.exe"),
        ("files/%7Bname%7D.jpg", "files/{name}.jpg"),
    ],
)
def test_names_are_labels(client: TestClient, key: dict[str, str], sent: str, kept: str) -> None:
    answer = send(client, key, sent, HELLO)
    assert (answer.status_code, answer.json()["name"]) == (201, kept)


@pytest.mark.parametrize(
    "name",
    ["%00", "a%00.jpg", "%2e%2e/a.jpg", "a/%2e%2e/%2e%2e/b.jpg", "%2Fetc%2Fpasswd", "C%3A%5Ca.jpg",
     "%2e", "a/", "x" * 256, "/".join(["x" * 250] * 5)],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(
    client: TestClient, key: dict[str, str], deployment: Deployment, name: str
) -> None:
    answer = send(client, key, name, HELLO)
    assert code(answer) == (400, "unsafe_name")
    assert not deployment.blobs.exists(sha256_of(HELLO))


def test_a_flight_that_is_not_there_takes_nothing(
    client: TestClient, key: dict[str, str], deployment: Deployment
) -> None:
    other = "0198c7a0-0000-7000-8000-000000000009"
    assert code(send(client, key, "a.jpg", HELLO, flight_id=other)) == (404, "not_found")
    assert incoming(deployment) == []


# Limits.


@pytest.fixture
def limited(
    deployment: Deployment, clock: TestClock, server_settings: ServerSettings
) -> Iterator[TestClient]:
    """Give a client of an API that takes 100 bytes a file and 150 a day."""
    limits = replace(server_settings.limits, max_file_bytes=100, quota_bytes_a_day=150)
    settings = replace(server_settings, limits=limits)
    with TestClient(create_app(replace(deployment, settings=settings), clock=clock)) as client:
        yield client


def test_a_file_that_is_too_large_is_refused_before_its_bytes(
    limited: TestClient, new_key: NewKey
) -> None:
    key = new_key(Role.OPERATOR)
    declare(limited, key)
    assert announce(limited, key, ("a.jpg", b"x" * 101))[0]["problem"]["code"] == "too_large"  # type: ignore[index]
    assert code(send(limited, key, "a.jpg", b"x" * 101)) == (413, "too_large")
    assert send(limited, key, "a.jpg", b"x" * 100).status_code == 201


def test_the_quota_of_a_day_is_a_caller_s_own(
    limited: TestClient, new_key: NewKey, clock: TestClock
) -> None:
    key, other = new_key(Role.OPERATOR), new_key(Role.OPERATOR, name="other")
    declare(limited, key)
    assert send(limited, key, "a.jpg", b"a" * 100).status_code == 201
    full = send(limited, key, "b.jpg", b"b" * 51)
    assert code(full) == (429, "quota_reached")
    assert int(full.headers["Retry-After"]) == pytest.approx(16 * 3600, abs=1)  # 08:00 to 24:00
    assert send(limited, key, "c.jpg", b"c" * 50).status_code == 201
    assert send(limited, other, "b.jpg", b"b" * 51).status_code == 201
    clock.advance(hours=17)
    assert send(limited, key, "d.jpg", b"d" * 51).status_code == 201


def test_what_was_not_kept_does_not_count(limited: TestClient, new_key: NewKey) -> None:
    key = new_key(Role.OPERATOR)
    declare(limited, key)
    for _ in range(5):
        send(limited, key, "a.jpg", b"a" * 100, headers=digest_of(b"b"))
    for _ in range(3):  # the same bytes again count once
        assert send(limited, key, "a.jpg", b"a" * 100).status_code in (200, 201)


def test_without_room_nothing_is_taken(
    deployment: Deployment, server_settings: ServerSettings, new_key: NewKey, clock: TestClock
) -> None:
    limits = replace(server_settings.limits, reserve_bytes=1 << 60)
    settings = replace(server_settings, limits=limits)
    key = new_key(Role.OPERATOR)
    with TestClient(create_app(replace(deployment, settings=settings), clock=clock)) as client:
        declare(client, key)
        answer = send(client, key, "a.jpg", HELLO)
    assert code(answer) == (507, "disk_full")
    assert "Retry-After" in answer.headers
    assert incoming(deployment) == []
    with reading(deployment.engine) as session, pytest.raises(UnknownRecordError):
        read_file(session, FLIGHT, "a.jpg")
