import asyncio
import sys
from pathlib import Path

import pytest

from service.serving.children import Backoff, Child, Supervisor


def child(code: str, *, name: str = "child") -> Child:
    return Child(name=name, command=[sys.executable, "-c", code])


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(first_s=0.5, most_s=30.0)

    assert [backoff.wait_s(ends) for ends in (1, 2, 3, 7, 1000)] == [0.5, 1.0, 2.0, 30.0, 30.0]


def test_what_ends_is_started_again(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    code = f"import sys; open({str(log)!r}, 'a').write('x'); sys.exit(3)"

    async def run() -> bool:
        supervisor = Supervisor([child(code)], stop_s=30, backoff=Backoff(first_s=0.01))
        running = asyncio.create_task(supervisor.run())
        while not log.exists() or len(log.read_text()) < 3:
            await asyncio.sleep(0.02)
        supervisor.stop()
        return await running

    assert asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize("deaf", [False, True])
def test_children_are_asked_to_end_and_killed_if_they_do_not(tmp_path: Path, deaf: bool) -> None:
    ready = tmp_path / "ready"
    handler = "signal.SIG_IGN" if deaf else "lambda *_: sys.exit(0)"
    code = (
        f"import pathlib, signal, sys; signal.signal(signal.SIGTERM, {handler});"
        f" pathlib.Path({str(ready)!r}).touch();"
        "\nwhile True: signal.pause()"
    )

    async def run() -> bool:
        supervisor = Supervisor([child(code)], stop_s=0.5 if deaf else 60)
        running = asyncio.create_task(supervisor.run())
        while not ready.exists():
            await asyncio.sleep(0.02)
        supervisor.stop()
        return await running

    assert asyncio.run(asyncio.wait_for(run(), 60)) is not deaf


def test_stopped_while_one_waits_to_be_started_it_ends_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> bool:
        supervisor = Supervisor(
            [child("raise SystemExit(7)")], stop_s=600, backoff=Backoff(first_s=600)
        )
        running = asyncio.create_task(supervisor.run())
        while "ended with code 7" not in caplog.text:
            await asyncio.sleep(0.02)
        supervisor.stop()
        return await running

    assert asyncio.run(asyncio.wait_for(run(), 60))
