"""Which files lie under the paths given, each with a name that stays the same."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inference.receipt import Reason, ReasonCode
from service.errors import CannotStartError
from service.inspecting.folder import STORE_NAME
from service.inspecting.video_pairs import find_telemetry, pair_videos
from service.printable import printable_text


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file of the folders given.

    Attributes:
        name: Stable text of its path below them: escaped where it could not be printed.
        problem: Why it is not read at all, or None.
        partner: Of a video its flight data, of flight data the video; None where there is none.
    """

    path: Path
    name: str
    problem: Reason | None = None
    partner: Path | None = None


def find_files(paths: Sequence[Path], *, output: Path | None) -> list[FoundFile]:
    """Return each file under the paths once, by name.

    Names are relative to the one folder given, or else to the folder that all paths share, so
    that neither the order of the paths nor where a card is mounted changes them. Links to
    folders are followed, each folder is visited once. Output folders are left out; output is None
    where nothing is written.

    Raises:
        CannotStartError: A path does not exist, or is an output folder itself.
    """
    roots = [_checked_root(path, output=output) for path in paths]
    if not roots:
        raise CannotStartError("no path was given")
    shared = os.path.commonpath([root if root.is_dir() else root.parent for root in roots])
    visited = {_folder_key(output)} if output is not None and output.is_dir() else set()
    found: dict[str, FoundFile] = {}
    for root in sorted(roots, key=os.fsencode):
        for path, problem in _walk(root, visited):
            name = stable_name(os.path.relpath(path, shared))
            found.setdefault(name, FoundFile(path=path, name=name, problem=problem))
    files = [found[name] for name in sorted(found)]
    partners = pair_videos(file.path for file in files if file.problem is None)
    return [replace(file, partner=partners.get(file.path)) for file in files]


def stable_name(relative_path: str) -> str:
    r"""Return a path as text that any file and screen can hold, different paths differently.

    Bytes that are no UTF-8 and characters that cannot be printed become \x.. or \u...., a
    backslash is doubled.
    """
    if os.sep != "/":
        relative_path = relative_path.replace(os.sep, "/")
    return printable_text(relative_path.replace("\\", "\\\\"))


def _checked_root(path: Path, *, output: Path | None) -> Path:
    try:
        root = path.resolve(strict=True)
        is_output = (root / STORE_NAME).exists()
    except FileNotFoundError as error:
        raise CannotStartError(f"{stable_name(str(path))} does not exist") from error
    except (OSError, RuntimeError) as error:
        cause = error.strerror if isinstance(error, OSError) else error
        raise CannotStartError(f"{stable_name(str(path))} cannot be opened: {cause}") from error
    if output is not None and root.is_relative_to(output.resolve()):
        raise CannotStartError("--out is the folder of the photos itself; name another one")
    if is_output:
        raise CannotStartError(f"{stable_name(str(path))} holds results of an inspection")
    return root


def _walk(root: Path, visited: set[tuple[int, int]]) -> Iterator[tuple[Path, Reason | None]]:
    """Yield files below a root; folders behind links come last, real ones are not shadowed."""
    folders, linked = [root], list[Path]()
    if not root.is_dir():
        yield root, _entry_problem(root)
        for beside in find_telemetry(root):
            yield beside, _entry_problem(beside)
        return
    while folders or linked:
        folder = folders.pop() if folders else linked.pop(0)
        try:
            key = _folder_key(folder)
            entries = sorted(folder.iterdir(), key=os.fsencode)
        except OSError as error:
            yield folder, Reason(code=ReasonCode.UNREADABLE_FILE, detail=error.strerror)
            continue
        # A link may lead to a folder around the root: that was not asked for.
        around = folder != root and root.is_relative_to(folder.resolve())
        is_output = any(entry.name == STORE_NAME for entry in entries)
        if key in visited or around or is_output:
            continue
        visited.add(key)
        for entry in entries:
            if _is_folder(entry):
                (linked if entry.is_symlink() else folders).append(entry)
            else:
                yield entry, _hidden(entry, root) or _entry_problem(entry)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a folder that may be listed but not entered
        return False


def _hidden(path: Path, root: Path) -> Reason | None:
    # Trash folders and the ._ companions that macOS leaves on cards: never meant as photos.
    if any(part.startswith(".") for part in path.relative_to(root).parts):
        return Reason(code=ReasonCode.NOT_A_PHOTO, detail="hidden file or folder")
    return None


def _entry_problem(path: Path) -> Reason | None:
    try:
        mode = path.stat().st_mode
    except OSError as error:  # such as a link to nowhere
        return Reason(code=ReasonCode.UNREADABLE_FILE, detail=error.strerror)
    if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
        return Reason(code=ReasonCode.NOT_A_PHOTO, detail="not a regular file")
    return None


def _folder_key(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
