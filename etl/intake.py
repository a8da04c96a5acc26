"""Intake folders: what waits, what is complete, what is claimed.

A department writes into `intake/<organisation>/<dataset>/`. A claim is a folder with a
random name that holds one supplied file under its own name, so that claiming is one rename
and knows no half. Only the claim's id leaves this module, because a file's name may hold
the name of a person.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import unicodedata
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from etl.errors import SourceError, StoreError

CLAIMS = ".claims"  # inside the intake, hence on its file system: a claim is one rename
QUIET_SECONDS = 1.0
UNFINISHED = re.compile(
    r"[.~].*"  # hidden files, and the locks that office programs leave
    r"|.*(?:~|\.(?:tmp|temp|part|partial|filepart|crdownload|download|swp|lock|lck))"
    r"|thumbs\.db|desktop\.ini",
    re.IGNORECASE | re.DOTALL,
)
CLAIM_ID = re.compile(r"[0-9a-f]{32}")
DATASET = re.compile(r"[a-z][a-z0-9_]*-[a-z][a-z0-9_]*")

Look = Mapping[Path, tuple[int, int]]


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

    def folder(self, intake: Path) -> Path:
        """Return where the claimed file is kept until it is landed."""
        return intake / CLAIMS / self.dataset / self.claim_id


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
    with _explaining():
        for dataset in datasets:
            folder_of(intake, dataset).mkdir(parents=True, exist_ok=True)
        (intake / CLAIMS).mkdir(mode=0o700, parents=True, exist_ok=True)


def look(intake: Path) -> Look:
    """Return size and time of change of every file that waits.

    Links are passed over, as they could name a file that was never supplied, and so are
    names that programs give to files they have not finished.
    """
    seen: dict[Path, tuple[int, int]] = {}
    for organisation in _folders(intake):
        for dataset in _folders(Path(organisation)):
            for entry in _entries(Path(dataset)):
                with suppress(OSError):  # claimed or withdrawn in this moment, or not to be read
                    if entry.is_file(follow_symlinks=False) and not UNFINISHED.fullmatch(
                        entry.name
                    ):
                        status = entry.stat(follow_symlinks=False)
                        seen[Path(entry.path)] = (status.st_size, status.st_ctime_ns)
    return seen


def complete(earlier: Look, later: Look) -> list[Path]:
    """Return the files that did not change between two looks, as they came one after the other.

    Examples:
        >>> still, growing = Path("a/b/1.csv"), Path("a/b/2.csv")
        >>> complete({still: (9, 1), growing: (4, 1)}, {still: (9, 1), growing: (7, 2)})
        [PosixPath('a/b/1.csv')]
    """
    same = [(seen[1], file) for file, seen in later.items() if earlier.get(file) == seen]
    return [file for _, file in sorted(same)]


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
            of their files fit (`source.folder.files`).
        quiet_seconds: How long a file must not change to be complete.
        pause: Waits between the two looks.

    Raises:
        StoreError: A file could not be taken; every other one was.
    """
    earlier = look(intake)
    if not earlier:
        return []
    pause(quiet_seconds)
    later = look(intake)
    files = [file for file in complete(earlier, later) if _is_expected(file, datasets)]
    claimed, problems = [], []
    for file in files:
        try:
            claimed.append(_claim(intake, file, came_at=later[file][1]))
        except StoreError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    return [claim for claim in claimed if claim]


def open_claims(intake: Path) -> list[Claim]:
    """Return the claims whose file has not been landed yet, in the order the files came."""
    found = []
    for dataset in _folders(intake / CLAIMS):
        for claim in _folders(Path(dataset)) if DATASET.fullmatch(dataset.name) else ():
            if CLAIM_ID.fullmatch(claim.name) and any(_entries(Path(claim))):
                with suppress(FileNotFoundError):  # closed in this moment
                    came_at = claim.stat(follow_symlinks=False).st_mtime_ns
                    found.append((came_at, Claim(dataset.name, claim.name)))
    return [claim for _, claim in sorted(found)]


def claimed_file(intake: Path, claim: Claim) -> Path:
    """Return the file of an open claim.

    Raises:
        SourceError: The claim is unknown, or was closed before.
    """
    for entry in _entries(claim.folder(intake)):
        return Path(entry.path)
    raise SourceError(
        f"{claim.dataset}: claim {claim.claim_id} holds no file. Nothing was landed."
        " Ask the department to drop the file again.",
        dataset=claim.dataset,
    )


def close_claim(intake: Path, claim: Claim) -> None:
    """Delete a claim with its file, once the bytes are safe in the landing zone.

    Closing it again does nothing.
    """
    with suppress(FileNotFoundError):
        shutil.rmtree(claim.folder(intake))


def _claim(intake: Path, file: Path, came_at: int) -> Claim | None:
    """Claim a file by one rename; None when it was withdrawn or another was faster.

    The claim's own time becomes that at which the file came, in nanoseconds.
    """
    claim = Claim(_dataset_of(file), uuid.uuid4().hex)
    folder = claim.folder(intake)
    with _explaining():
        (intake / CLAIMS).mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(parents=True)
        try:
            file.rename(folder / file.name)
        except OSError as problem:
            folder.rmdir()
            if isinstance(problem, FileNotFoundError):
                return None
            raise
        os.utime(folder, ns=(came_at, came_at))
    return claim


def _is_expected(file: Path, datasets: Mapping[str, str]) -> bool:
    """Tell whether a file belongs to a dataset and has such a name, however Unicode spells it."""
    pattern = datasets.get(_dataset_of(file))
    name = unicodedata.normalize("NFC", file.name)
    return pattern is not None and fnmatch(name.lower(), pattern.lower())


def _dataset_of(file: Path) -> str:
    return f"{file.parent.parent.name}-{file.parent.name}"


def _folders(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the folders in a folder; links and hidden ones are passed over."""
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield entry


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _explaining() -> Iterator[None]:
    """Say what went wrong without the path, because it ends in a supplied name."""
    try:
        yield
    except OSError as problem:
        raise StoreError(
            f"The intake cannot be written to ({problem.strerror}). Files wait where they are."
            " Let the account of Airflow write to every folder of the intake, on one disk."
        ) from None
