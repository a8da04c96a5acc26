"""The store: where steps leave their results, a folder or an object store.

Keys are relative paths of plain names, `<zone>/<dataset>/<run>/<step>/<file>`. A file
appears under its key whole or not at all: in a folder by a rename after an fsync, in an
object store by one put. A step's result appears when its manifest does, which is written
last; so an interrupted step left nothing that anybody reads, and a repeated one writes the
same bytes over them.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from fsspec.core import url_to_fs

from etl.errors import StoreError, StoreUnavailableError
from etl.states import Reference

MANIFEST = "state.json"
PRIVATE_ZONES = frozenset({"landing", "restricted"})
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FULL_IN_WORDS = re.compile(r"No space left on device|Disk quota exceeded|os error (?:28|122)\b")
SILENT = (ConnectionError, TimeoutError)

State = TypeVar("State", bound=Reference)


class Store:
    """Files under keys, each of which appears whole or not at all."""

    def __init__(self, url: str) -> None:
        """Open a store.

        Args:
            url: A folder, which need not exist yet, or an fsspec address.

        Raises:
            StoreError: The address cannot be used.
        """
        try:
            self._files, root = url_to_fs(url)
        except (ImportError, ValueError, OSError) as problem:
            raise StoreError(
                f"The store's address cannot be used ({type(problem).__name__}). Nothing was"
                " done. Correct MADANG_STORE, or install fsspec's package for it."
            ) from None
        self._root = str(root).rstrip("/")
        self.is_local = "file" in self._protocols()

    def exists(self, key: str) -> bool:
        """Tell whether a file is there."""
        with _speaking():
            self._files.invalidate_cache()
            return bool(self._files.isfile(self._path(key)))

    def size_bytes(self, key: str) -> int:
        """Return the size of a file."""
        with _speaking():
            return int(self._files.size(self._path(key)))

    def read_bytes(self, key: str) -> bytes:
        """Return what a file holds.

        Raises:
            StoreError: There is no such file, or it cannot be read.
        """
        with _speaking():
            return bytes(self._files.cat_file(self._path(key)))

    def write_bytes(self, key: str, data: bytes) -> None:
        """Put a small file under a key, over what was there."""
        with self.writing(key) as path:
            path.write_bytes(data)

    def put_file(self, path: Path, key: str) -> None:
        """Put a copy of a local file under a key, over what was there."""
        with self.writing(key) as copy:
            shutil.copyfile(path, copy)

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        """Lend a file as a local path, to be read and never written.

        In a folder that is the file itself, in an object store a download that is deleted.
        """
        if self.is_local:
            if not self.exists(key):
                raise _absent()
            yield Path(self._path(key))
            return
        with tempfile.TemporaryDirectory(prefix="madang-") as folder:
            copy = Path(folder) / key.rpartition("/")[2]
            with _speaking():
                self._files.get_file(self._path(key), str(copy))
            yield copy

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """Lend a local path to write to; its file appears under the key afterwards.

        If the block raises, nothing appears and what was there stays. The path ends like
        the key, because some writers choose a format by it.

        Raises:
            StoreError: The disk is full, or the file cannot be put.
        """
        target = self._path(key)
        folder = self._make_folder(key) if self.is_local else Path(tempfile.gettempdir())
        path = folder / f".{uuid.uuid4().hex}.{key.rpartition('/')[2]}"
        try:
            with _noticing_a_full_disk():
                yield path
                with _speaking():
                    _flush(path)
                    if self.is_local:
                        path.replace(target)
                        _flush(folder)
                    else:
                        self._files.put_file(str(path), target)
        finally:
            path.unlink(missing_ok=True)

    def write_manifest(self, prefix: str, state: Reference) -> None:
        """Make a step's result visible: write its state, as the last file of the step."""
        named = {"state": type(state).__name__, **asdict(state)}
        text = json.dumps(named, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        self.write_bytes(f"{prefix}/{MANIFEST}", text.encode())

    def open_manifest(self, prefix: str, kind: type[State]) -> State | None:
        """Return the state that a finished step left, or None when it has not finished.

        Raises:
            StoreError: The manifest is not of this kind of state.
        """
        key = f"{prefix}/{MANIFEST}"
        if not self.exists(key):
            return None
        state = _parse_state(self.read_bytes(key), kind)
        if state is None:
            raise StoreError(
                f"{key}: not a manifest of {kind.__name__}. It was left as it is, and nothing"
                " was published. Restore the store from its backup, or start a new run."
            )
        return state

    def keys(self, prefix: str) -> list[str]:
        """Return the keys of all files below a prefix, in order."""
        with _speaking():
            self._files.invalidate_cache()
            found = self._files.find(self._path(prefix))
        names = (str(path)[len(self._root) + 1 :] for path in found)
        return sorted(name for name in names if KEY.fullmatch(name))

    def delete(self, prefix: str) -> None:
        """Destroy everything below a prefix, the manifest first; nothing there is fine."""
        path = self._path(prefix)
        with _speaking():
            self._files.invalidate_cache()
            for last in (f"{path}/{MANIFEST}", path):
                if self._files.exists(last):
                    self._files.rm(last, recursive=True)

    def _protocols(self) -> tuple[str, ...]:
        protocol = self._files.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)

    def _path(self, key: str) -> str:
        if not KEY.fullmatch(key):
            raise StoreError(
                "A key of the store holds something else than plain names. Nothing was read"
                " or written. The state that names it did not come from a step of this"
                " program: start a new run."
            )
        return f"{self._root}/{key}"

    def _make_folder(self, key: str) -> Path:
        zone = Path(self._root) / key.partition("/")[0]
        folder = Path(self._path(key)).parent
        with _speaking():
            folder.mkdir(parents=True, exist_ok=True)
            if zone.name in PRIVATE_ZONES:
                zone.chmod(0o700)
        return folder


def _parse_state(text: bytes, kind: type[State]) -> State | None:
    """Return the state that a manifest holds, None when it holds anything else."""
    try:
        found: dict[str, Any] = dict(json.loads(text))
    except (ValueError, TypeError):
        return None
    name, hints = found.pop("state", None), get_type_hints(kind)
    fits = found.keys() == hints.keys() and all(
        type(value) is hints[field] for field, value in found.items()
    )
    return kind(**found) if fits and name == kind.__name__ else None


def _flush(path: Path) -> None:
    """Have the disk confirm a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _speaking() -> Iterator[None]:
    """Say what went wrong without the path, because a key may be forged."""
    try:
        yield
    except OSError as problem:
        raise _explain(problem) from None


@contextmanager
def _noticing_a_full_disk() -> Iterator[None]:
    """Name a full disk as such, whichever library met it; other errors pass."""
    try:
        yield
    except Exception as problem:
        if isinstance(problem, StoreError) or not _is_full(problem):
            raise
        raise _full() from None


def _explain(problem: OSError) -> StoreError:
    if _is_full(problem):
        return _full()
    if isinstance(problem, FileNotFoundError):
        return _absent()
    what = problem.strerror or type(problem).__name__
    if isinstance(problem, SILENT):
        return StoreUnavailableError(
            f"The store does not answer ({what}). Nothing was published; what earlier steps"
            " left stays. Bring it back, then run again."
        )
    return StoreError(
        f"The store cannot be used ({what}). Nothing was published; what earlier steps left"
        " stays. Mend it, then run again."
    )


def _is_full(problem: Exception) -> bool:
    # Polars and Arrow say so in words; their errors carry no errno
    return getattr(problem, "errno", None) in FULL or bool(FULL_IN_WORDS.search(str(problem)))


def _absent() -> StoreError:
    return StoreError(
        "A file that an earlier step left is not in the store. Nothing was published."
        " Restore the store from its backup, or drop the file again."
    )


def _full() -> StoreError:
    return StoreError(
        "The store's disk is full. What was half written is gone; nothing was published, and"
        " what earlier steps left stays. Make room, then run again."
    )
