"""A map file that came over the net, read in a process of its own.

GDAL, which reads it, is a large library in C; what it does with a hostile file ends with this
process. And the process of the API need not hold it in memory.
"""

import asyncio
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import shapely

from service.errors import CannotStartError, ServiceError
from service.store.grids import StoredGrid

TIMEOUT_S = 120.0
_MOST_MEMORY_BYTES = 4 << 30
_MOST_SECONDS = 120


class GridsRefusedError(ServiceError):
    """A file holds no cells that can be used; the message says why."""


async def read_grids_apart(path: Path, *, timeout_s: float = TIMEOUT_S) -> list[StoredGrid]:
    """Return the cells of a file, as `service.access.grids_import.read_grid_file` finds them.

    Raises:
        GridsRefusedError: It holds none, a wrong one, or could not be read in time.
    """
    result = path.with_name(f"{path.name}.grids")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, str(path), str(result),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(timeout_s):
            _, told = await process.communicate()
        if process.returncode != 0:
            line = told.decode(errors="replace").strip().rpartition("\n")[2]
            prefix, found, reason = line.partition(_REFUSED)
            raise GridsRefusedError(reason if found and not prefix else "the file cannot be read")
        return await asyncio.to_thread(lambda: list(_read_result(result)))
    except TimeoutError as error:
        raise GridsRefusedError(f"the file cannot be read within {timeout_s:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        result.unlink(missing_ok=True)


_REFUSED = "refused: "


def _read_result(path: Path) -> Iterator[StoredGrid]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            code, name, unit, division, shape = json.loads(line)
            yield StoredGrid(
                code=code, name=name, unit=unit, division=division, shape=shapely.from_wkb(shape)
            )


def _write_result(grids: list[StoredGrid], path: Path) -> None:
    with path.open("x", encoding="utf-8") as file:
        for grid in grids:
            shape = shapely.to_wkb(grid.shape, hex=True)
            row = [grid.code, grid.name, grid.unit, grid.division, shape]
            file.write(json.dumps(row) + "\n")


def main(arguments: list[str]) -> int:
    """Read the first file, write what was found into the second."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Here: whoever only starts this process need not load what reads maps.
    from importlib import import_module

    reader = import_module("service.access.grids_import")
    try:
        grids = reader.read_grid_file(Path(arguments[0]))
    except CannotStartError as error:
        sys.stderr.write(_REFUSED + " ".join(str(error).split()))
        return 1
    _write_result(grids, Path(arguments[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
