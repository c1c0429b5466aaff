"""Lines as processes write them: each test logs into a text stream of its own."""

import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI

from service.observing.log_context import current_log_context, log_context
from service.observing.logs import configure_logging

SECRET = "sp_0123456789abcdef_abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    yield
    root.handlers[:], level, sys.excepthook, threading.excepthook = before
    root.setLevel(level)
    logging.getLogger("service.api.access").setLevel(logging.NOTSET)
    logging.captureWarnings(False)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def json_lines(stream: io.StringIO) -> io.StringIO:
    configure_logging(level="info", log_format="json", process="api", stream=stream)
    return stream


@pytest.fixture
def text_lines(stream: io.StringIO) -> io.StringIO:
    configure_logging(level="info", log_format="text", process="worker-1", stream=stream)
    return stream


def read_json(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_tells_what_when_where_and_what_it_is_about(json_lines: io.StringIO) -> None:
    with log_context(request="r1", flight="f1"), log_context(job="inspect/7"):
        logging.getLogger("service.worker").info("photo %s", "a.jpg", extra={"tiles": 12})
    [line] = read_json(json_lines)
    assert str(line.pop("time")).endswith("Z")
    assert line == {
        "level": "info",
        "logger": "service.worker",
        "message": "photo a.jpg",
        "process_name": "api",
        "request": "r1",
        "flight": "f1",
        "job": "inspect/7",
        "tiles": 12,
    }


def test_text_has_the_same_fields(text_lines: io.StringIO) -> None:
    with log_context(flight="f1"):
        logging.getLogger("service.worker").warning("slow", extra={"seconds": 3})
    [line] = text_lines.getvalue().splitlines()
    assert line.split("Z ", 1)[1] == (
        "WARNING service.worker: slow seconds=3 process_name=worker-1 flight=f1"
    )


def test_what_a_line_is_about_ends_with_its_block() -> None:
    with log_context(flight="f1"), log_context(flight=None, job=3):
        assert current_log_context() == {"job": 3}
    assert current_log_context() == {}


def test_requests_at_the_same_time_keep_their_lines_apart(json_lines: io.StringIO) -> None:
    async def answer(name: str) -> None:
        with log_context(request=name):
            await asyncio.sleep(0)
            await asyncio.to_thread(logging.getLogger("service").info, name)

    async def answer_all() -> None:
        await asyncio.gather(*(answer(f"r{number}") for number in range(20)))

    asyncio.run(answer_all())
    lines = read_json(json_lines)
    assert len(lines) == 20
    assert all(line["request"] == line["message"] for line in lines)


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\u2028", "\x1b[2J", "\x85"])
def test_a_name_from_outside_cannot_begin_a_line(
    stream: io.StringIO, log_format: str, break_: str
) -> None:
    configure_logging(level="info", log_format=log_format, process="api", stream=stream)
    name = f"a.jpg{break_}2026-12-01T00:00:00Z CRITICAL forged"
    logging.getLogger("service").info("file %s", name, extra={"file": name})
    lines = stream.getvalue().split("\n")
    assert len(lines) == 2  # the second is what follows the last line's end
    assert "\x1b" not in lines[0]
    assert "\r" not in lines[0]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_secrets_are_hidden_wherever_they_are(stream: io.StringIO, log_format: str) -> None:
    configure_logging(level="info", log_format=log_format, process="api", stream=stream)
    logger = logging.getLogger("uvicorn.error")
    with log_context(request=SECRET):
        logger.info("key %s", SECRET, extra={"password": "hunter2", "url": "s3://me:hunter2@b"})
        try:
            raise ValueError("postgresql://me:hunter2@db/store")
        except ValueError:
            logger.exception("no store")
    text = stream.getvalue()
    assert "abcdefghijklmnop" not in text
    assert "hunter2" not in text
    assert text.count("[hidden]") >= 4
    assert "ValueError" in text


def test_an_exception_is_one_event(json_lines: io.StringIO) -> None:
    try:
        raise KeyError("a\nb")
    except KeyError:
        logging.getLogger("service").exception("failed")
    [line] = read_json(json_lines)
    assert "KeyError" in str(line["exception"])
    assert line["level"] == "error"


def test_a_traceback_in_text_is_set_in(text_lines: io.StringIO) -> None:
    try:
        raise ValueError("2026-12-01T00:00:00Z CRITICAL forged")
    except ValueError:
        logging.getLogger("service").exception("failed")
    first, *below = text_lines.getvalue().splitlines()
    assert first.endswith("failed process_name=worker-1")
    assert below
    assert all(line.startswith("    ") for line in below)


def test_half_characters_do_not_lose_the_line(json_lines: io.StringIO) -> None:
    logging.getLogger("service").info("file %s", "a\udcff.jpg")
    json_lines.getvalue().encode("utf-8")
    assert read_json(json_lines)[0]["message"] == "file a\udcff.jpg"


def test_uvicorn_writes_no_lines_of_its_own(json_lines: io.StringIO) -> None:
    uvicorn.Config(FastAPI(), log_config=None)
    logging.getLogger("uvicorn.error").info("Started server", extra={"color_message": "[32m"})
    logging.getLogger("uvicorn.access").info("GET /healthz")
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    assert [line["message"] for line in read_json(json_lines)] == ["Started server"]
    assert "color_message" not in json_lines.getvalue()


def test_warnings_and_what_nobody_catches_are_lines_too(json_lines: io.StringIO) -> None:
    warnings.warn("old", UserWarning, stacklevel=1)
    error = ValueError("token=hunter2hunter2")
    sys.excepthook(ValueError, error, None)
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    lines = read_json(json_lines)
    assert [line["level"] for line in lines] == ["warning", "critical", "critical"]
    assert "hunter2" not in json_lines.getvalue()
    assert "ZeroDivisionError" in str(lines[2]["exception"])


def test_a_level_leaves_out_what_is_below_it(stream: io.StringIO) -> None:
    configure_logging(level="WARNING", log_format="json", process="api", stream=stream)
    logging.getLogger("service").info("no")
    logging.getLogger("service").warning("yes")
    assert [line["message"] for line in read_json(stream)] == ["yes"]


def test_configured_twice_writes_once(json_lines: io.StringIO) -> None:
    again = io.StringIO()
    configure_logging(level="info", log_format="json", process="api", stream=again)
    logging.getLogger("service").info("once")
    assert json_lines.getvalue() == ""
    assert len(read_json(again)) == 1


@pytest.mark.parametrize(("level", "log_format"), [("loud", "json"), ("info", "xml")])
def test_unknown_levels_and_formats_are_refused(level: str, log_format: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)loud|xml"):
        configure_logging(level=level, log_format=log_format, process="api")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_people_at_a_terminal_get_text_and_no_line_for_each_request() -> None:
    stream = Terminal()
    configure_logging(level="info", log_format="auto", process="api", stream=stream)
    logging.getLogger("service.api.access").info("GET /healthz 200")
    logging.getLogger("service.worker.run").info("worker inspects")
    (line,) = stream.getvalue().splitlines()
    assert "service.worker.run: worker inspects" in line
    assert not line.startswith("{")


def test_what_is_no_terminal_gets_json_with_every_request(stream: io.StringIO) -> None:
    configure_logging(level="info", log_format="auto", process="api", stream=stream)
    logging.getLogger("service.api.access").info("GET /healthz 200")
    assert json.loads(stream.getvalue())["message"] == "GET /healthz 200"
