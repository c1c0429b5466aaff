import copy
import io
import json
import logging
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from service.access.keys import mint_key
from service.access.roles import Role
from service.access.secrets import HIDDEN, RedactingFilter, Secret, redact

# The same at every import: it is part of the tests' names, which parallel runs must agree on.
KEY = mint_key(
    name="n",
    roles=[Role.ADMIN],
    units=None,
    now=datetime(2026, 12, 1, tzinfo=UTC),
    random_bytes=lambda count: bytes(range(count)),
).text.reveal()
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJsaSJ9.c2lnbmF0dXJlc2lnbmF0dXJl"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("tests.redaction")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"key {KEY} used", KEY.split("_", 2)[2]),
        (f"path=/x?{KEY}", KEY.split("_", 2)[2]),
        (f"Authorization: Bearer {TOKEN}", "c2lnbmF0dXJl"),
        (f"got token {TOKEN}.", "eyJzdWIi"),
        ("Bearer opaque-0123456789", "0123456789"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("{'authorization': 'Basic dXNlcjpwYXNz', 'accept': '*/*'}", "dXNlcjpwYXNz"),
        ("(b'authorization', b'Basic dXNlcjpwYXNz')", "dXNlcjpwYXNz"),
        ('{"Cookie": "a=1; session=hunter2"}', "hunter2"),
        ("https://user:hunter2@tracker.example/x", "hunter2"),
        ("https://user:hun@ter2@tracker.example/x", "ter2"),
        ("https://hunter2@tracker.example/x", "hunter2"),
        ("postgresql+psycopg://sky:hun/ter2@db/sky", "ter2"),
        ("s3://KEYID:hunter2@minio:9000/bucket", "hunter2"),
        ("?access_token=hunter2&page=3", "hunter2"),
        ("?X-Amz-Signature=abcdef0123&x=1", "abcdef0123"),
        ("password=hunter2 user=li", "hunter2"),
        ("SKYPATROL_S3_SECRET_ACCESS_KEY=hunter2", "hunter2"),
        ('{"clientSecret": "hunter2 and more", "a": 1}', "hunter2"),
        ("{'password': 'hunter2'}", "hunter2"),
        ("api_key: hunter2", "hunter2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE cut off", "MIIE"),
    ],
)
def test_secrets_are_hidden(text: str, secret: str) -> None:
    hidden = redact(text)

    assert secret not in hidden
    assert HIDDEN in hidden
    assert redact(hidden) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "flight 0193 received, 12 files, 3 held",
        "https://tracker.example:8443/issues?page=2#top",
        "photo DJI_0042.JPG: no_position",
        "write to somebody@example.com",
        "2026-12-01T08:00:00Z GET /v1/flights 200",
        "sp_ is how keys begin",
    ],
)
def test_the_rest_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_which_key_it_was_can_still_be_told() -> None:
    assert redact(KEY) == f"sp_{KEY.split('_')[1]}_{HIDDEN}"


def test_a_url_keeps_its_host() -> None:
    assert redact("https://u:p@tracker.example/x") == f"https://{HIDDEN}@tracker.example/x"


@pytest.mark.parametrize(
    "unit", ["eyJ-", "a://", "sp_", "password", "x-", "-----BEGIN PRIVATE KEY-----", "Bearer ", "="]
)
def test_long_texts_made_to_be_slow_come_to_an_end(unit: str) -> None:
    # A pattern whose time grows with the square of the text would take minutes here.
    redact(unit * (200_000 // len(unit)))


def test_a_log_hides_message_arguments_and_exceptions(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    logger.error("key %s", KEY)
    logger.error("password=%s", "hunter2")
    logger.error("headers %s", {"authorization": f"Bearer {TOKEN}"})
    logger.error("%(token)s of %(who)s", {"token": TOKEN, "who": "li"})
    try:
        raise RuntimeError(f"cannot reach https://u:hunter2@host/{KEY}")
    except RuntimeError:
        logger.exception("failed", stack_info=True)

    text = stream.getvalue()
    for secret in (KEY.split("_", 2)[2], "hunter2", TOKEN):
        assert secret not in text
    assert "of li" in text
    assert "Traceback" in text
    assert "RuntimeError: cannot reach" in text


def test_an_exception_without_traceback_and_its_cause_are_hidden_too(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    cause = ValueError("token=hunter2")
    error = RuntimeError("outer")
    error.__cause__ = cause
    logger.error("failed", exc_info=error)

    assert "hunter2" not in stream.getvalue()
    assert "outer" in stream.getvalue()


def test_a_formatter_that_writes_exceptions_afresh_gets_none() -> None:
    error = RuntimeError("token=hunter2")
    record = logging.makeLogRecord({"msg": "x", "exc_info": (type(error), error, None)})
    RedactingFilter().filter(record)

    assert record.exc_info is None
    assert record.exc_text == f"RuntimeError: token={HIDDEN}"


def test_fields_of_structured_logs_are_hidden() -> None:
    record = logging.makeLogRecord(
        {
            "msg": "x",
            "headers": {"Authorization": "Basic dXNlcjpwYXNz", "n": [1, f"Bearer {TOKEN}"]},
            "api_key": "hunter2",
            "count": 3,
        }
    )

    assert RedactingFilter().filter(record)
    assert record.__dict__["count"] == 3
    assert record.__dict__["api_key"] == HIDDEN
    shown = json.dumps(record.__dict__["headers"])
    assert TOKEN not in shown
    assert "dXNlcjpwYXNz" not in shown


def test_arguments_stay_apart_for_formatters_that_look_at_them() -> None:
    # As uvicorn logs a request.
    args = ("1.2.3.4:5", "GET", "/v1?token=hunter2", "1.1", 200)
    record = logging.makeLogRecord({"msg": '%s - "%s %s HTTP/%s" %d', "args": args})
    RedactingFilter().filter(record)

    assert record.args == ("1.2.3.4:5", "GET", f"/v1?token={HIDDEN}", "1.1", 200)


def test_a_wrong_format_string_loses_no_record_and_shows_no_secret(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    logger.error("%d of %d", KEY)

    assert "do not fit" in stream.getvalue()
    assert KEY.split("_", 2)[2] not in stream.getvalue()


def test_a_percent_sign_in_a_redacted_message_is_no_format(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    logger.error("password=%s 100%% %s", "hunter2", "%d")

    assert stream.getvalue().strip() == f"password={HIDDEN} 100% %d"


def test_a_secret_shows_itself_when_asked_only() -> None:
    secret = Secret("hunter2")

    assert secret.reveal() == "hunter2"
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} %s" % secret
    assert bool(secret)
    assert not Secret("")
    assert secret == Secret("hunter2")
    assert copy.deepcopy(secret).reveal() == "hunter2"
    assert pickle.loads(pickle.dumps(secret)).reveal() == "hunter2"
