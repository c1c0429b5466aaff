"""The receipt over HTTP: every file with its answer, in the reader's language."""

import csv
import io

import pytest
from fastapi.testclient import TestClient

from inference.receipt import Outcome, Reason, ReasonCode
from service.access.roles import Role
from service.api.receipt_lines import choose_language
from service.deployment import Deployment
from service.store.access_log import read_access_log
from service.store.engine import reading, writing
from service.store.files import settle_file
from service.store.jobs import JobKind, JobState, claim, finish, read_job
from service.translations import reason_text
from tests.service.api.conftest import NewKey, TestClock
from tests.service.api.sending import FLIGHT, announce, declare, send, sha256_of


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


def settle(
    deployment: Deployment, clock: TestClock, name: str, outcome: Outcome, *codes: ReasonCode
) -> None:
    reasons = [Reason(code=code, detail="of a test") for code in codes]
    with writing(deployment.engine) as session:
        settle_file(session, FLIGHT, name, outcome, reasons, now=clock.now)


def receipt(client: TestClient, key: dict[str, str], query: str = "") -> dict[str, object]:
    answer = client.get(f"/v1/flights/{FLIGHT}/receipt{query}", headers=key)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_each_file_has_its_line_by_name(
    client: TestClient, key: dict[str, str], deployment: Deployment, clock: TestClock
) -> None:
    announce(client, key, ("c.jpg", b"c"))
    for name in ("b.jpg", "a.jpg"):
        send(client, key, name, name.encode())
    settle(deployment, clock, "b.jpg", Outcome.HELD, ReasonCode.NO_GPS, ReasonCode.NO_HEIGHT)

    shown = receipt(client, key)

    lines = shown["files"]
    assert isinstance(lines, list)
    assert [(line["name"], line["state"], line["outcome"]) for line in lines] == [
        ("a.jpg", "received", None),
        ("b.jpg", "settled", "held"),
        ("c.jpg", "announced", None),
    ]
    assert [reason["code"] for reason in lines[1]["reasons"]] == ["no_gps", "no_height"]
    assert lines[1]["reasons"][0]["detail"] == "of a test"
    assert shown["counts"] == {
        "announced": 1, "received": 1, "accepted": 0, "held": 1, "rejected": 0,
    }  # fmt: skip
    assert shown["next"] is None


@pytest.mark.parametrize(
    ("query", "headers", "language"),
    [
        ("", {}, "en"),
        ("?lang=zh", {}, "zh"),
        ("", {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh"),
        ("?lang=en", {"Accept-Language": "zh"}, "en"),
    ],
)
def test_advice_is_in_the_reader_s_language(
    client: TestClient,
    key: dict[str, str],
    deployment: Deployment,
    clock: TestClock,
    query: str,
    headers: dict[str, str],
    language: str,
) -> None:
    send(client, key, "a.jpg", b"a")
    settle(deployment, clock, "a.jpg", Outcome.REJECTED, ReasonCode.TRUNCATED)
    answer = client.get(f"/v1/flights/{FLIGHT}/receipt{query}", headers=key | headers)
    advice = answer.json()["files"][0]["reasons"][0]["advice"]
    assert advice == reason_text(ReasonCode.TRUNCATED, language).advice
    assert answer.headers["Content-Language"] == language


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "zh"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("fr", "zh"),
        ("fr, en;q=0.1", "en"),
        ("en;q=0.5, zh;q=0.6", "zh"),
        ("en;q=0, zh", "zh"),
        ("*", "zh"),
        ("en;q=nan", "zh"),
        ("en;q=9", "zh"),
        (";;,,=", "zh"),
    ],
)
def test_of_the_languages_that_are_liked_the_best_is_chosen(accepted: str, language: str) -> None:
    assert choose_language(accepted, standard="zh") == language


def test_a_long_receipt_comes_page_by_page(client: TestClient, key: dict[str, str]) -> None:
    names = [f"{number:03}.jpg" for number in range(25)]
    announce(client, key, *((name, name.encode()) for name in names))
    found, link = [], f"/v1/flights/{FLIGHT}/receipt?limit=10&lang=zh"
    while link:
        answer = client.get(link, headers=key)
        found += [line["name"] for line in answer.json()["files"]]
        assert answer.headers["Content-Language"] == "zh"
        link = answer.links.get("next", {}).get("url", "")
    assert found == names


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_spreadsheet_gets_all_of_it_and_runs_nothing(
    client: TestClient, key: dict[str, str], deployment: Deployment, clock: TestClock, how: str
) -> None:
    names = ["=cmd()|x.jpg", '照片,"1".jpg', *(f"{number}.jpg" for number in range(1001))]
    files = [(name, name.encode()) for name in names]
    announce(client, key, *files[:1000])
    announce(client, key, *files[1000:])
    send(client, key, "%3Dcmd()%7Cx.jpg", names[0].encode())
    settle(deployment, clock, names[0], Outcome.HELD, ReasonCode.NO_GPS)

    query, headers = ("?format=csv", {}) if how == "query" else ("", {"Accept": "text/csv"})
    answer = client.get(f"/v1/flights/{FLIGHT}/receipt{query}", headers=key | headers)

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["name"].removeprefix("'") for row in rows} == set(names)
    held = next(row for row in rows if row["outcome"] == "held")
    assert held["name"] == f"'{names[0]}"
    assert held["reasons"] == "no_gps"
    assert held["sha256"] == sha256_of(names[0].encode())


# Held files let through.


def override(
    client: TestClient, key: dict[str, str], name: str, why: str = "seen on site"
) -> "tuple[int, dict[str, object]]":
    order = {"name": name, "why": why}
    answer = client.post(f"/v1/flights/{FLIGHT}/overrides", json=order, headers=key)
    return answer.status_code, answer.json()


def test_a_held_file_is_let_through_inspected_and_logged(
    client: TestClient,
    key: dict[str, str],
    new_key: NewKey,
    deployment: Deployment,
    clock: TestClock,
) -> None:
    send(client, key, "a.jpg", b"a")
    with writing(deployment.engine) as session:
        (job,) = claim(
            session, worker="w", kinds=[JobKind.RECEIVE], lease=clock.now - clock.now, now=clock.now
        )
        finish(session, job, now=clock.now)
    settle(deployment, clock, "a.jpg", Outcome.HELD, ReasonCode.NO_GPS)
    reviewer = new_key(Role.REVIEWER, name="reviewer")

    status, line = override(client, reviewer, "a.jpg")

    assert (status, line["outcome"]) == (200, "accepted")
    assert line["override"]["why"] == "seen on site"  # type: ignore[index]
    assert line["reasons"][0]["code"] == "no_gps"  # type: ignore[index]
    with reading(deployment.engine) as session:
        again = read_job(session, JobKind.RECEIVE, job.key)
        log = [access for _, access in read_access_log(session)]
    assert again is not None
    assert again.state is JobState.WAITING
    assert [(one.action, one.object, one.detail) for one in log] == [
        ("override_hold", f"flight/{FLIGHT}/a.jpg", "seen on site")
    ]
    clock.advance(seconds=1)
    assert override(client, reviewer, "a.jpg", "again")[1] == line  # asked twice: logged once
    with reading(deployment.engine) as session:
        assert len(read_access_log(session)) == 1


def test_who_may_not_override_does_not(
    client: TestClient,
    key: dict[str, str],
    new_key: NewKey,
    deployment: Deployment,
    clock: TestClock,
) -> None:
    send(client, key, "a.jpg", b"a")
    settle(deployment, clock, "a.jpg", Outcome.HELD, ReasonCode.NO_GPS)
    assert override(client, key, "a.jpg")[0] == 403
    assert override(client, new_key(Role.AUDITOR), "a.jpg")[0] == 403
    assert override(client, new_key(Role.REVIEWER, units=["North"]), "a.jpg")[0] == 404


def test_what_is_not_held_cannot_be_let_through(
    client: TestClient, key: dict[str, str], new_key: NewKey
) -> None:
    send(client, key, "a.jpg", b"a")
    reviewer = new_key(Role.REVIEWER)
    assert override(client, reviewer, "a.jpg")[0] == 409
    assert override(client, reviewer, "b.jpg")[0] == 404
    assert override(client, reviewer, "b\0.jpg")[0] == 404
    assert override(client, reviewer, "a.jpg", "")[0] == 422
    assert override(client, reviewer, "a.jpg", "two\nlines")[0] == 422
