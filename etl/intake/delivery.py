"""What a department finds in its folder afterwards: receipts, `accepted/`, `returned/`.

A department may write into its folder, so nothing in it is trusted: folders are opened
without following links, and everything is written through those handles.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from etl.intake.claim import Claim, close_claim, forget_claim, landed_file
from etl.intake.folders import ACCEPTED, LANDED, OURS, RETURNED, explaining, folder_of
from etl.intake.names import RECEIPT, free_name

Verdict = Literal["accepted", "returned"]
REPORTS = (".report.html", ".report.xlsx")


def names_in_use(intake: Path, dataset: str) -> set[str]:
    """Return the names under which files of a dataset were received and not destroyed yet."""
    with _folder(intake, dataset) as top:
        found = {name.removesuffix(RECEIPT) for name in _names(top) if name.endswith(RECEIPT)}
        for below in (ACCEPTED, RETURNED):
            with suppress(FileNotFoundError), _opened(below, top) as folder:
                found |= _names(folder)
    return found


def write_receipt(intake: Path, dataset: str, name: str, text: bytes) -> None:
    """Put a receipt into the department's folder, over an earlier one of the same file.

    Raises:
        StoreError: The folder cannot be written to.
    """
    with _folder(intake, dataset) as top:
        _write(top, f"{name}{RECEIPT}", text)


def deliver(
    intake: Path,
    claim: Claim,
    name: str,
    verdict: Verdict,
    reports: Callable[[], Mapping[str, bytes]],
) -> None:
    """Move the file of a claim to `accepted/` or `returned/`, its reports first.

    The file moves once, by one rename; doing it again changes nothing. Nothing is
    overwritten but the reports of this very file.

    Args:
        intake: The folder of all departments.
        claim: The claim; it is closed, should it be open yet.
        name: The name kept for it, which no other file of the dataset has.
        verdict: Where it belongs.
        reports: Called when the file has not moved yet; returns contents by their ending,
            one of `REPORTS`.

    Raises:
        StoreError: The folder cannot be written to.
    """
    close_claim(intake, claim)
    file = landed_file(intake, claim)
    if file is None:
        return _clear(intake, claim)
    written = reports()
    with _folder(intake, claim.dataset) as top, _made(verdict, top) as folder:
        taken = _names(folder)
        if landed_file(intake, claim) is None:  # so its name is taken by itself
            return _clear(intake, claim)
        name = free_name(name, taken)
        for ending, content in written.items():
            _write(folder, f"{name}{ending}", content)
        with suppress(FileNotFoundError):  # another process delivered it in this moment
            os.rename(file, name, dst_dir_fd=folder)
        os.fsync(folder)
    return _clear(intake, claim)


def destroy_delivered(intake: Path, claim: Claim, name: str) -> None:
    """Destroy a file wherever it lies, with its reports and its receipt.

    Raises:
        StoreError: Something could not be destroyed.
    """
    forget_claim(intake, claim)
    with _folder(intake, claim.dataset) as top:
        for below in (ACCEPTED, RETURNED):
            with suppress(FileNotFoundError), _opened(below, top) as folder:
                for ending in ("", *REPORTS):
                    _remove(folder, f"{name}{ending}")
        _remove(top, f"{name}{RECEIPT}")


def _clear(intake: Path, claim: Claim) -> None:
    with explaining(), suppress(FileNotFoundError):
        claim.folder(intake, LANDED).rmdir()


@contextmanager
def _folder(intake: Path, dataset: str) -> Iterator[int]:
    """Open the folder of a dataset; its errors are told without a name."""
    path = folder_of(intake, dataset)
    with explaining():
        path.mkdir(parents=True, exist_ok=True)
        with _opened(path) as handle:
            yield handle


@contextmanager
def _made(name: str, parent: int) -> Iterator[int]:
    """Open a folder below, made when it is missing; only the pipeline may write into it."""
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=parent)
        mode = stat.S_IMODE(os.fstat(parent).st_mode) & ~0o022
        with _opened(name, parent) as made:
            os.fchmod(made, mode)
    with _opened(name, parent) as handle:
        yield handle


@contextmanager
def _opened(path: str | Path, parent: int | None = None) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        yield handle
    finally:
        os.close(handle)


def _names(folder: int) -> set[str]:
    return set(os.listdir(folder))


def _write(folder: int, name: str, content: bytes) -> None:
    """Write a file that appears whole; readable for whom the folder is, writable for us."""
    unfinished = f"{OURS}{uuid.uuid4().hex}"
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(handle, stat.S_IMODE(os.fstat(folder).st_mode) & 0o444 | 0o600)
            file.flush()
            os.fsync(handle)
        os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        _remove(folder, unfinished)
        raise


def _remove(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
