"""Folders of the intake: where each thing lies, and whether the disk keeps its promises.

<organisation>/<dataset>/              what a department drops, and its receipts
accepted/     files that were used, with a report
returned/     files that were not, with the reason
.claims/<dataset>/<claim>/             taken, and no run has begun with it
.landed/<dataset>/<claim>/             its bytes are landed, its verdict is still out
"""

from __future__ import annotations

import os
import re
import stat
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from etl.errors import StoreError

CLAIMS = ".claims"  # inside the intake, hence on its file system: a claim is one rename
LANDED = ".landed"
ACCEPTED, RETURNED = "accepted", "returned"
DATASET = re.compile(r"[a-z][a-z0-9_]*-[a-z][a-z0-9_]*")
DROP = 0o2770  # what is put here belongs to the group, whoever puts it
OURS = ".madang-"  # hidden, so that nobody takes it for a supplied file


def folder_of(intake: Path, dataset: str) -> Path:
    """Return the folder that files of a dataset are dropped into.

    Examples:
        >>> folder_of(Path("intake"), "city-parks")
        PosixPath('intake/city/parks')
    """
    organisation, _, name = dataset.partition("-")
    return intake / organisation / name


def make_folders(intake: Path, datasets: Collection[str]) -> None:
    """Make the folders that departments write into; those that exist are left alone.

    Raises:
        StoreError: A folder cannot be made.
    """
    with explaining():
        for dataset in datasets:
            _make_folder(folder_of(intake, dataset))
        for hidden in (CLAIMS, LANDED):
            (intake / hidden).mkdir(mode=0o700, parents=True, exist_ok=True)


def _make_folder(folder: Path) -> None:
    """Make a folder to drop files into; below a shared one, its group may do so at once."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if folder.parent.stat().st_mode & stat.S_ISGID:
            folder.chmod(DROP)


def folders_in(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the folders in a folder; links and hidden ones are passed over."""
    for entry in entries_of(folder):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield entry


def entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """Return what a folder holds; nothing when it is not there."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def require_sound_share(intake: Path, dataset: str) -> None:
    """Try, with a file of our own, what claiming a file relies on.

    Raises:
        StoreError: The share copies instead of renaming, or cannot confirm what it wrote.
    """
    name = f"{OURS}{uuid.uuid4().hex}"
    start, end = folder_of(intake, dataset) / name, intake / CLAIMS / name
    try:
        with explaining():
            start.touch(mode=0o600, exist_ok=False)
            before = start.stat()
            flush(start)
            start.rename(end)
            flush(end.parent)
            after = end.stat()
        if start.exists() or (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino):
            raise StoreError(
                f"{dataset}: the intake's disk copies a file where it should rename it, so a half"
                " copied file could be taken for a whole one. No file of this dataset was taken;"
                " all wait where they are. Put the whole intake on one disk that renames"
                " atomically (a local disk, NFS 4, SMB 3)."
            )
    finally:
        for left in (start, end):
            with suppress(OSError):
                left.unlink()


def remove_leftovers(intake: Path, datasets: Collection[str], before_ns: int) -> None:
    """Remove what a killed process left half made: probes, unfinished texts, empty claims."""
    tops = [folder_of(intake, dataset) for dataset in datasets]
    below = [top / name for top in tops for name in (ACCEPTED, RETURNED)]
    for folder in (intake / CLAIMS, *tops, *below):
        for entry in entries_of(folder) if not folder.is_symlink() else ():
            if entry.name.startswith(OURS):
                _remove_old(entry, before_ns)
    for dataset in datasets:
        for claim in folders_in(intake / CLAIMS / dataset):
            _remove_old(claim, before_ns)


def _remove_old(entry: os.DirEntry[str], before_ns: int) -> None:
    with suppress(OSError):  # gone in this moment, or a claim that is not empty
        if entry.stat(follow_symlinks=False).st_ctime_ns < before_ns:
            if entry.is_dir(follow_symlinks=False):
                Path(entry.path).rmdir()
            else:
                Path(entry.path).unlink()


def flush(path: Path) -> None:
    """Have the disk confirm a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def explaining() -> Iterator[None]:
    """Say what went wrong without the path, because it ends in a supplied name."""
    try:
        yield
    except OSError as problem:
        raise StoreError(
            f"The intake cannot be written to ({problem.strerror}). Files wait where they are."
            " Let the account of Airflow write to every folder of the intake, on one disk"
            " with room that renames and fsyncs."
        ) from None
