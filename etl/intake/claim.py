"""Claims: each complete file becomes the business of one run and of no other.

A claim is a folder with a random name that holds one supplied file under its own name, so
that claiming is one rename and knows no half. Only the claim's id leaves this package,
because a file's name may hold the name of a person.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from etl.errors import SourceError, StoreError
from etl.intake.folders import (
    CLAIMS,
    DATASET,
    LANDED,
    entries_of,
    explaining,
    flush,
    folders_in,
    require_sound_share,
)
from etl.intake.look import Look, complete, is_being_written, look
from etl.intake.names import MARKER, fits_pattern

CLAIM_ID = re.compile(r"[0-9a-f]{32}")
QUIET_SECONDS = 1.0
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """One supplied file that belongs to one run and to no other.

    Raises:
        SourceError: The dataset or the id is not of the form that this module gives.
    """

    dataset: str
    claim_id: str

    def __post_init__(self) -> None:
        """Refuse what could lead out of the intake."""
        if not (DATASET.fullmatch(self.dataset) and CLAIM_ID.fullmatch(self.claim_id)):
            raise SourceError(
                "A claim is named by its dataset and 32 hexadecimal digits; this one is not."
                " Nothing was taken. Let `collect_intake` start the run."
            )

    def folder(self, intake: Path, place: str = CLAIMS) -> Path:
        """Return where the claimed file is kept until a run begins with it."""
        return intake / place / self.dataset / self.claim_id


def claim_complete_files(
    intake: Path,
    datasets: Mapping[str, str],
    quiet_seconds: float = QUIET_SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> list[Claim]:
    """Take every complete file of the given datasets out of the intake.

    Other files stay where they are, untouched. Two processes may do this at
    the same time: each file becomes one claim, in the order they came. A file that cannot be
    taken keeps no other.

    Args:
        intake: The folder of all departments.
        datasets: Names of those whose contract can be read, with the pattern that the names
            of their files fit (`source.folder.files`); a report that comes back fits always.
        quiet_seconds: How long a file must not change to be complete; one that its sender
            marked need not wait.
        pause: Waits between the two looks.

    Raises:
        StoreError: A file could not be taken; every other one was.
    """
    earlier = look(intake)
    if not earlier:
        return []
    at_once = complete({}, earlier)
    claims, problems = _claim_all(intake, at_once, earlier, datasets)
    if len(at_once) < len(earlier):
        pause(quiet_seconds)
        later = look(intake)
        found = _claim_all(intake, complete(earlier, later), later, datasets)
        claims, problems = claims + found[0], problems + found[1]
    if problems:
        raise problems[0]
    return claims


def open_claims(intake: Path) -> list[Claim]:
    """Return the claims that no run has begun with yet, in the order the files came."""
    return _claims_in(intake, CLAIMS)


def landed_claims(intake: Path) -> list[Claim]:
    """Return the claims whose file waits for its verdict, in the order the files came."""
    return _claims_in(intake, LANDED)


def claimed_file(intake: Path, claim: Claim) -> Path:
    """Return the file of an open claim.

    Raises:
        SourceError: The claim is unknown, or was closed before.
    """
    for entry in entries_of(claim.folder(intake)):
        return Path(entry.path)
    raise SourceError(
        f"{claim.dataset}: claim {claim.claim_id} holds no file. Nothing was landed."
        " Ask the department to drop the file again.",
        dataset=claim.dataset,
    )


def landed_file(intake: Path, claim: Claim) -> Path | None:
    """Return the file that waits for its verdict; None when it was delivered."""
    for entry in entries_of(claim.folder(intake, LANDED)):
        return Path(entry.path)
    return None


def close_claim(intake: Path, claim: Claim) -> None:
    """Set a claim aside once its bytes are landed; its file is kept for its department.

    Closing it again does nothing.
    """
    target = claim.folder(intake, LANDED)
    with explaining():
        (intake / LANDED).mkdir(mode=0o700, exist_ok=True)
        target.parent.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            claim.folder(intake).rename(target)
            flush(target.parent)


def forget_claim(intake: Path, claim: Claim) -> None:
    """Destroy whatever is left of a claim in the hidden folders; nothing there is fine."""
    for place in (CLAIMS, LANDED):
        with explaining(), suppress(FileNotFoundError):
            shutil.rmtree(claim.folder(intake, place))


def copy_supplied(file: Path, copy: Path) -> tuple[int, str]:
    """Copy a claimed file, and return its size with the SHA-256 of what was copied.

    Raises:
        StoreError: The file is not to be read, or its sender still writes to it. It stays.
    """
    with explaining():
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as source:
        before = os.fstat(handle)
        hashed = hashlib.sha256()
        with copy.open("wb") as target:
            for block in _blocks(source):
                hashed.update(block)
                target.write(block)
        after = os.fstat(handle)
    if not stat.S_ISREG(before.st_mode) or _change(before) != _change(after):
        raise StoreError(
            "A supplied file changed while it was copied. It waits where it is, and is taken"
            " again by itself; nothing of it was landed."
        )
    return after.st_size, hashed.hexdigest()


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    while True:
        with explaining():
            block = source.read(BLOCK_BYTES)
        if not block:
            return
        yield block


def _change(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _claim_all(
    intake: Path, files: Iterable[Path], seen: Look, datasets: Mapping[str, str]
) -> tuple[list[Claim], list[StoreError]]:
    claims, problems = [], []
    sound: dict[str, StoreError | None] = {}
    for file in files:
        dataset = _dataset_of(file)
        if not _is_expected(file, datasets) or is_being_written(file):
            continue
        try:
            _require_sound(intake, dataset, sound)
            if claim := _claim(intake, file, came_at=seen[file].changed_at):
                claims.append(claim)
        except StoreError as problem:
            problems.append(problem)
    return claims, problems


def _require_sound(intake: Path, dataset: str, known: dict[str, StoreError | None]) -> None:
    """Try the share of a dataset once, before the first of its files is taken."""
    if dataset not in known:
        known[dataset] = None
        try:
            require_sound_share(intake, dataset)
        except StoreError as problem:
            known[dataset] = problem
    if (unsound := known[dataset]) is not None:
        raise unsound


def _claim(intake: Path, file: Path, came_at: int) -> Claim | None:
    """Claim a file by one rename; None when it was withdrawn or another was faster.

    The claim's own time becomes that at which the file came, in nanoseconds. A marker goes
    first: should we end between the two, the file is found by its quiet.
    """
    claim = Claim(_dataset_of(file), uuid.uuid4().hex)
    folder = claim.folder(intake)
    with explaining():
        (intake / CLAIMS).mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(parents=True)
        try:
            _remove_marker(file)
            file.rename(folder / file.name)
        except OSError as problem:
            folder.rmdir()
            if isinstance(problem, FileNotFoundError):
                return None
            raise
        os.utime(folder, ns=(came_at, came_at))
        flush(folder)
        flush(file.parent)
    return claim


def _remove_marker(file: Path) -> None:
    for ending in (MARKER, MARKER.upper()):
        file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)


def _is_expected(file: Path, datasets: Mapping[str, str]) -> bool:
    pattern = datasets.get(_dataset_of(file))
    return pattern is not None and fits_pattern(file.name, pattern)


def _dataset_of(file: Path) -> str:
    return f"{file.parent.parent.name}-{file.parent.name}"


def _claims_in(intake: Path, place: str) -> list[Claim]:
    found = [
        (came_at, claim)
        for folder in folders_in(intake / place)
        if DATASET.fullmatch(folder.name)
        for came_at, claim in _claims_of(Path(folder))
    ]
    return [claim for _, claim in sorted(found)]


def _claims_of(dataset: Path) -> Iterator[tuple[int, Claim]]:
    for folder in folders_in(dataset):
        if CLAIM_ID.fullmatch(folder.name) and entries_of(Path(folder)):
            with suppress(FileNotFoundError):  # closed in this moment
                came_at = folder.stat(follow_symlinks=False).st_mtime_ns
                yield came_at, Claim(dataset.name, folder.name)
