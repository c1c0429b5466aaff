"""Read the next photos while the network works on this one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def read_ahead(
    items: Iterable[Item], read: Callable[[Item], Result], *, threads: int = 1, ahead: int = 1
) -> Iterator[tuple[Item, Future[Result]]]:
    """Yield each item with its result to come, in the items' order.

    `future.result()` gives what `read` returned or raises what it raised, so that one bad photo
    does not end the rest. The number of threads changes the speed alone.

    Args:
        items: Such as paths.
        read: Such as `inference.reading.decode.read_pixels`; runs in another thread.
        threads: That read at the same time.
        ahead: Items read or waiting beside the one just yielded. Memory grows with it: a 48 MP
            photo takes 144 MB.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="read-ahead") as pool:
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        try:
            for item in items:
                waiting.append((item, pool.submit(read, item)))
                if len(waiting) > ahead:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            for _, future in waiting:
                future.cancel()
