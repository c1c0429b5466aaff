"""Work in threads, while the main thread shows how far it is and hears Ctrl-C."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from service.upload.errors import HaltedError

_TICK_S = 0.2
_LAST_WORDS_S = 2.0

Value = TypeVar("Value")


def run_beside(
    work: Callable[[], Value], *, halt: threading.Event, tick: Callable[[], None]
) -> Value:
    """Return what `work` returns, done in another thread.

    Args:
        work: What is to be done.
        halt: Set where it is to end early.
        tick: Called several times a second in this thread.
    """
    values = list[Value]()
    run_together([lambda: values.append(work())], halt=halt, tick=tick)
    if not values:
        raise HaltedError
    return values[0]


def run_together(
    works: Sequence[Callable[[], None]], *, halt: threading.Event, tick: Callable[[], None]
) -> None:
    """Run each in a thread of its own until all are done or one fails.

    Args:
        works: May raise HaltedError to end; any other error ends all.
        halt: Set where one fails or this thread is interrupted.
        tick: Called several times a second in this thread.
    """
    errors = list[BaseException]()

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except HaltedError:
            pass
        # Raised again below, in the thread that waits; whatever it is, the others must end.
        except BaseException as error:
            errors.append(error)
            halt.set()

    # Daemons: after Ctrl-C nobody waits for an answer that a dead line holds back.
    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(_TICK_S)
                tick()
                if errors:
                    raise errors[0]
    except BaseException:
        halt.set()
        for thread in threads:
            thread.join(_LAST_WORDS_S / len(threads))
        raise
    if errors:
        raise errors[0]
