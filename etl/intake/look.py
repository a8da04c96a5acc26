"""What waits in the folders, and what of it is complete."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from etl.intake.folders import entries_of, folders_in
from etl.intake.names import MARKER, is_supplied

LONGEST_WRITE_SECONDS = 600
SET_SIGNAL = 10  # F_SETSIG of Linux, which Python does not name


class Seen(NamedTuple):
    """What a look saw of one file.

    Attributes:
        size_bytes: Its size.
        changed_at: When it or its name last changed, in nanoseconds.
        is_marked: Whether its sender put `<name>.done` beside it after the last change.
    """

    size_bytes: int
    changed_at: int
    is_marked: bool = False


Look = Mapping[Path, Seen]


def look(intake: Path) -> Look:
    """Return size and time of change of everything that waits.

    Folders are passed over, and so are names that programs give to files they have not
    finished. Links and devices are seen, never followed: they are refused aloud later.
    """
    seen: dict[Path, Seen] = {}
    for organisation in folders_in(intake):
        for dataset in folders_in(Path(organisation)):
            seen |= _look_into(Path(dataset))
    return seen


def complete(earlier: Look, later: Look) -> list[Path]:
    """Return the files that are whole, as they came one after the other.

    Whole is what did not change between two looks, or was marked by its sender.

    Examples:
        >>> still, growing = Path("a/b/1.csv"), Path("a/b/2.csv")
        >>> complete({still: Seen(9, 1), growing: Seen(4, 1)},
        ...          {still: Seen(9, 1), growing: Seen(7, 2)})
        [PosixPath('a/b/1.csv')]
        >>> complete({}, {growing: Seen(7, 2, is_marked=True)})
        [PosixPath('a/b/2.csv')]
    """
    whole = [
        (seen.changed_at, file)
        for file, seen in later.items()
        if seen.is_marked or earlier.get(file) == seen
    ]
    return [file for _, file in sorted(whole)]


def is_being_written(file: Path) -> bool:
    """Tell whether a program on this machine is known to have a file open for writing.

    The kernel says so where the file system has leases and lets this account ask; elsewhere,
    and after ten minutes without a change, the answer is no, and two looks decide alone.
    """
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return False
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        quiet = time.time_ns() - os.fstat(handle).st_ctime_ns
        return quiet < LONGEST_WRITE_SECONDS * 10**9 and _has_writer(handle)
    finally:
        os.close(handle)


def _has_writer(handle: int) -> bool:
    try:
        fcntl.fcntl(handle, SET_SIGNAL, signal.SIGURG)  # which is ignored; SIGIO would end us
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _look_into(folder: Path) -> dict[Path, Seen]:
    waiting: dict[str, os.stat_result] = {}
    markers: dict[str, int] = {}
    for entry in entries_of(folder):
        with suppress(OSError):  # claimed or withdrawn in this moment, or not to be read
            if entry.is_dir(follow_symlinks=False):
                continue
            status = entry.stat(follow_symlinks=False)
            if entry.name.lower().endswith(MARKER):
                markers[entry.name[: -len(MARKER)]] = status.st_ctime_ns
            elif is_supplied(entry.name):
                waiting[entry.name] = status
    return {
        folder / name: Seen(
            status.st_size,
            status.st_ctime_ns,
            markers.get(name, -1) >= status.st_ctime_ns,  # an older one is of an earlier file
        )
        for name, status in waiting.items()
    }
