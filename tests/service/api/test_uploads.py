"""Uploads in pieces (tus 1.0): resumed, checked at the end, nobody else's."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from service.access.roles import Role
from service.api.app import create_app
from service.deployment import Deployment
from service.receiving.unfinished import UploadFolder
from service.server_settings import ServerSettings
from service.store.engine import reading
from service.store.files import FileState, read_file
from tests.service.api.conftest import NewKey, TestClock
from tests.service.api.sending import FLIGHT, announce, declare, send, sha256_of

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {"Content-Type": "application/offset+octet-stream"}
DATA = b"PK\x05\x06" + bytes(18) + b"the rest of a card" * 1000


@pytest.fixture
def key(client: TestClient, new_key: NewKey) -> dict[str, str]:
    """Return the headers of an operator, whose flight is declared."""
    key = new_key(Role.OPERATOR)
    declare(client, key)
    return key


@pytest.fixture
def folder(deployment: Deployment) -> UploadFolder:
    return UploadFolder(deployment.incoming / "uploads")


def metadata(**values: str) -> dict[str, str]:
    pairs = (f"{name} {b64encode(value.encode()).decode()}" for name, value in values.items())
    return {"Upload-Metadata": ",".join(pairs)}


def create(
    client: TestClient,
    key: dict[str, str],
    data: bytes = DATA,
    *,
    name: str = "card.zip",
    headers: dict[str, str] | None = None,
) -> Response:
    told = metadata(flight=FLIGHT, name=name, sha256=sha256_of(data))
    length = {"Upload-Length": str(len(data))}
    return client.post("/v1/uploads", headers=key | TUS | told | length | (headers or {}))


def patch(
    client: TestClient, key: dict[str, str], url: str, data: bytes, *, offset: int = 0
) -> Response:
    headers = key | TUS | PIECE | {"Upload-Offset": str(offset)}
    return client.patch(url, content=data, headers=headers)


def head(client: TestClient, key: dict[str, str], url: str) -> Response:
    return client.head(url, headers=key | TUS)


def code(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_an_upload_comes_in_pieces(
    client: TestClient, key: dict[str, str], deployment: Deployment, folder: UploadFolder
) -> None:
    announce(client, key, ("card.zip", DATA))
    created = create(client, key)
    url = created.headers["Location"]
    assert created.status_code == 201
    assert url.startswith("/v1/uploads/")

    first = patch(client, key, url, DATA[:5000])
    asked = head(client, key, url)
    last = patch(client, key, url, DATA[5000:], offset=5000)

    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "5000")
    assert (asked.status_code, asked.headers["Upload-Offset"]) == (200, "5000")
    assert asked.headers["Upload-Length"] == str(len(DATA))
    assert asked.headers["Cache-Control"] == "no-store"
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(DATA)))
    assert deployment.blobs.read(sha256_of(DATA)) == DATA
    with reading(deployment.engine) as session:
        file = read_file(session, FLIGHT, "card.zip")
    assert (file.state, file.sha256) == (FileState.RECEIVED, sha256_of(DATA))
    assert file.media_type == "application/zip"
    # Somebody whose last answer was lost asks once more.
    assert head(client, key, url).headers["Upload-Offset"] == str(len(DATA))
    assert patch(client, key, url, b"", offset=len(DATA)).status_code == 204
    assert list(folder.folder.glob("*.data")) == []


def test_what_is_offered_is_told(client: TestClient, key: dict[str, str]) -> None:
    for url in ("/v1/uploads", "/v1/uploads/"):
        answer = client.options(url, headers=key)
        assert answer.status_code == 204
        assert answer.headers["Tus-Extension"] == "creation,termination,expiration"
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Max-Size"] == str(2 << 30)


def test_nothing_is_open(client: TestClient, key: dict[str, str], folder: UploadFolder) -> None:
    url = create(client, key).headers["Location"]
    answers = [
        client.options("/v1/uploads"),
        create(client, {}),
        head(client, {}, url),
        patch(client, {}, url, DATA),
        client.delete(url, headers=TUS),
    ]
    assert [answer.status_code for answer in answers] == [401] * 5
    assert [path.stat().st_size for path in folder.folder.glob("*.data")] == [0]


def test_an_upload_is_its_creator_s_only(
    client: TestClient, key: dict[str, str], new_key: NewKey, folder: UploadFolder
) -> None:
    url = create(client, key).headers["Location"]
    for other in (new_key(Role.OPERATOR, name="other"), new_key(Role.ADMIN, name="admin")):
        assert head(client, other, url).status_code == 404
        assert code(patch(client, other, url, DATA)) == (404, "not_found")
        assert client.delete(url, headers=other | TUS).status_code == 404
    assert [path.stat().st_size for path in folder.folder.glob("*.data")] == [0]
    assert patch(client, key, url, DATA).status_code == 204


def test_bytes_that_do_not_hash_as_told_are_thrown_away(
    client: TestClient, key: dict[str, str], deployment: Deployment, folder: UploadFolder
) -> None:
    url = create(client, key).headers["Location"]
    patch(client, key, url, DATA[:100])

    answer = patch(client, key, url, bytes(len(DATA) - 100), offset=100)

    assert code(answer) == (460, "digest_mismatch")
    assert head(client, key, url).status_code == 404
    assert list(folder.folder.glob("*")) == []
    assert not deployment.blobs.exists(sha256_of(DATA))


def test_an_offset_that_is_not_the_server_s_changes_nothing(
    client: TestClient, key: dict[str, str]
) -> None:
    url = create(client, key).headers["Location"]
    patch(client, key, url, DATA[:100])
    assert code(patch(client, key, url, DATA[:50], offset=50)) == (409, "offset_mismatch")
    assert code(patch(client, key, url, DATA[200:], offset=200)) == (409, "offset_mismatch")
    assert head(client, key, url).headers["Upload-Offset"] == "100"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Tus-Resumable": "0.2.2"}, (412, "tus_version")),
        ({"Content-Type": "image/jpeg"}, (415, "media_type_not_supported")),
        ({"Upload-Offset": "-1"}, (400, "bad_request")),
        ({"Upload-Offset": "x"}, (400, "bad_request")),
        ({"Upload-Offset": "9" * 30}, (400, "bad_request")),
        ({"Transfer-Encoding": "chunked"}, (411, "length_required")),
    ],
)
def test_headers_of_a_piece(
    client: TestClient, key: dict[str, str], headers: dict[str, str], expected: tuple[int, str]
) -> None:
    url = create(client, key).headers["Location"]
    right = key | TUS | PIECE | {"Upload-Offset": "0"}
    assert code(client.patch(url, content=DATA, headers=right | headers)) == expected
    assert head(client, key, url).headers["Upload-Offset"] == "0"


def test_more_than_announced_is_refused_before_its_bytes(
    client: TestClient, key: dict[str, str]
) -> None:
    url = create(client, key).headers["Location"]
    assert code(patch(client, key, url, DATA + b"x")) == (400, "bad_request")
    assert head(client, key, url).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Tus-Resumable": ""}, (412, "tus_version")),
        ({"Upload-Length": ""}, (422, "invalid")),
        ({"Upload-Length": "-1"}, (400, "bad_request")),
        ({"Upload-Length": "x"}, (422, "invalid")),
        ({"Upload-Length": str(3 << 30)}, (413, "too_large")),
        ({"Upload-Defer-Length": "1"}, (400, "bad_request")),
        ({"Upload-Concat": "partial"}, (400, "bad_request")),
        ({"Upload-Concat": "final;/v1/uploads/" + "0" * 32}, (400, "bad_request")),
        ({"Upload-Metadata": ""}, (400, "bad_request")),
        ({"Upload-Metadata": "flight !!!"}, (400, "bad_request")),
        (metadata(flight=FLIGHT, name="a"), (400, "bad_request")),
        (metadata(flight=FLIGHT, name="a", sha256="x"), (400, "bad_request")),
        (metadata(flight="../x", name="a", sha256="0" * 64), (404, "not_found")),
        (metadata(flight=FLIGHT[:-1] + "9", name="a", sha256="0" * 64), (404, "not_found")),
        (metadata(flight=FLIGHT, name="../a", sha256="0" * 64), (400, "unsafe_name")),
        (metadata(flight=FLIGHT, name="a\0", sha256="0" * 64), (400, "unsafe_name")),
    ],
)
def test_what_is_not_an_upload_is_not_begun(
    client: TestClient,
    key: dict[str, str],
    folder: UploadFolder,
    headers: dict[str, str],
    expected: tuple[int, str],
) -> None:
    assert code(create(client, key, headers=headers)) == expected
    assert not folder.folder.exists()


def test_an_upload_begins_without_bytes(
    client: TestClient, key: dict[str, str], folder: UploadFolder
) -> None:
    told = metadata(flight=FLIGHT, name="a.zip", sha256=sha256_of(DATA))
    headers = key | TUS | told | {"Upload-Length": str(len(DATA))}
    assert code(client.post("/v1/uploads", content=DATA, headers=headers)) == (400, "bad_request")
    assert not folder.folder.exists()


def test_where_it_goes_on_does_not_depend_on_what_a_client_says_of_the_host(
    client: TestClient, key: dict[str, str]
) -> None:
    lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "ftp", "Host": "evil.example"}
    assert create(client, key, headers=lies).headers["Location"].startswith("/v1/uploads/")


def test_what_is_there_already_is_not_begun(client: TestClient, key: dict[str, str]) -> None:
    send(client, key, "card.zip", DATA)
    assert code(create(client, key)) == (409, "already_arrived")
    assert code(create(client, key, b"other")) == (409, "conflict")


def test_no_bytes_are_a_file_too(client: TestClient, key: dict[str, str]) -> None:
    url = create(client, key, b"", name="empty.srt").headers["Location"]
    assert head(client, key, url).headers["Upload-Offset"] == "0"
    counts = client.get(f"/v1/flights/{FLIGHT}", headers=key).json()["files"]
    assert counts["received"] == 1


def test_given_up_it_is_gone(client: TestClient, key: dict[str, str], folder: UploadFolder) -> None:
    url = create(client, key).headers["Location"]
    patch(client, key, url, DATA[:100])
    assert client.delete(url, headers=key | TUS).status_code == 204
    assert client.delete(url, headers=key | TUS).status_code == 404
    assert list(folder.folder.glob("*")) == []


def test_after_five_days_it_ends(
    client: TestClient, new_key: NewKey, folder: UploadFolder, clock: TestClock
) -> None:
    key = new_key(Role.OPERATOR)
    declare(client, key)
    url = create(client, key).headers["Location"]
    clock.advance(days=4, hours=23)
    assert patch(client, key, url, DATA[:100]).status_code == 204
    clock.advance(hours=1)
    assert head(client, key, url).status_code == 410
    assert code(patch(client, key, url, DATA[100:], offset=100)) == (410, "upload_expired")
    create(client, key, name="other.zip")  # sweeps
    assert len(list(folder.folder.glob("*.data"))) == 1


@pytest.mark.parametrize(
    "upload_id",
    ["..%2f..%2fstore.sqlite", "%2e%2e", "0" * 32, "0" * 32 + ".json", "%00", ".locks", "A" * 32],
)
def test_ids_lead_nowhere_else(
    client: TestClient, key: dict[str, str], deployment: Deployment, upload_id: str
) -> None:
    url = create(client, key).headers["Location"]
    record = deployment.incoming / "uploads" / f"{url.rpartition('/')[2]}.json"
    for answer in (
        head(client, key, f"/v1/uploads/{upload_id}"),
        patch(client, key, f"/v1/uploads/{upload_id}", DATA),
        client.delete(f"/v1/uploads/{upload_id}", headers=key | TUS),
        client.delete(f"{url}.json", headers=key | TUS),
    ):
        assert answer.status_code in (404, 405)
    assert record.exists()


def test_a_method_in_a_header_counts_nothing(client: TestClient, key: dict[str, str]) -> None:
    url = create(client, key).headers["Location"]
    override = key | TUS | {"X-HTTP-Method-Override": "DELETE"}
    assert client.post(url, headers=override).status_code == 405
    assert client.get(url, headers=override).status_code == 405
    assert head(client, key, url).status_code == 200


# Killed on the way.


def test_killed_after_the_last_byte_the_next_question_finishes_it(
    client: TestClient, key: dict[str, str], folder: UploadFolder
) -> None:
    url = create(client, key).headers["Location"]
    folder.append(url.rpartition("/")[2], DATA)  # and then the process was killed
    assert head(client, key, url).headers["Upload-Offset"] == str(len(DATA))
    counts = client.get(f"/v1/flights/{FLIGHT}", headers=key).json()["files"]
    assert counts["received"] == 1


def test_killed_after_the_last_byte_damage_is_found_all_the_same(
    client: TestClient, key: dict[str, str], folder: UploadFolder
) -> None:
    url = create(client, key).headers["Location"]
    folder.append(url.rpartition("/")[2], DATA[::-1])
    assert head(client, key, url).status_code == 460
    assert head(client, key, url).status_code == 404


def test_killed_after_its_bytes_were_moved_it_is_finished(
    client: TestClient, key: dict[str, str], folder: UploadFolder, deployment: Deployment
) -> None:
    url = create(client, key).headers["Location"]
    upload_id = url.rpartition("/")[2]
    folder.append(upload_id, DATA)
    path = folder.data_path(upload_id)
    deployment.blobs.put_file(path, sha256=hashlib.sha256(DATA).hexdigest(), move=True)
    answer = patch(client, key, url, b"", offset=len(DATA))
    assert answer.status_code == 204
    counts = client.get(f"/v1/flights/{FLIGHT}", headers=key).json()["files"]
    assert counts["received"] == 1


def test_bytes_that_somebody_removed_are_sent_again(
    client: TestClient, key: dict[str, str], folder: UploadFolder
) -> None:
    url = create(client, key).headers["Location"]
    folder.data_path(url.rpartition("/")[2]).unlink()
    assert head(client, key, url).status_code == 404
    assert create(client, key).status_code == 201


def test_another_file_took_the_name_meanwhile(client: TestClient, key: dict[str, str]) -> None:
    url = create(client, key).headers["Location"]
    send(client, key, "card.zip", b"another")
    assert code(patch(client, key, url, DATA)) == (409, "conflict")
    assert head(client, key, url).status_code == 404


# Limits.


@pytest.fixture
def limited(
    deployment: Deployment, clock: TestClock, server_settings: ServerSettings
) -> Iterator[TestClient]:
    """Give a client of an API that takes as much as one upload a day."""
    limits = replace(server_settings.limits, quota_bytes_a_day=len(DATA))
    settings = replace(server_settings, limits=limits)
    with TestClient(create_app(replace(deployment, settings=settings), clock=clock)) as client:
        yield client


def test_the_whole_length_counts_when_it_begins(limited: TestClient, new_key: NewKey) -> None:
    key = new_key(Role.OPERATOR)
    declare(limited, key)
    url = create(limited, key).headers["Location"]
    assert code(create(limited, key, b"x", name="b.zip")) == (429, "quota_reached")
    limited.delete(url, headers=key | TUS)
    damaged = create(limited, key).headers["Location"]
    assert patch(limited, key, damaged, bytes(len(DATA))).status_code == 460
    again = create(limited, key).headers["Location"]
    assert patch(limited, key, again, DATA).status_code == 204
    limited.delete(again, headers=key | TUS)  # it is kept: forgetting how it came frees nothing
    assert code(create(limited, key, b"x", name="b.zip")) == (429, "quota_reached")


def test_without_room_nothing_is_begun(
    deployment: Deployment, server_settings: ServerSettings, new_key: NewKey, clock: TestClock
) -> None:
    limits = replace(server_settings.limits, reserve_bytes=1 << 60)
    settings = replace(server_settings, limits=limits)
    key = new_key(Role.OPERATOR)
    with TestClient(create_app(replace(deployment, settings=settings), clock=clock)) as client:
        declare(client, key)
        assert code(create(client, key)) == (507, "disk_full")
