"""The bytes of release files: written once beside their place, checked, then moved into it."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import ckan.plugins.toolkit as tk
from ckanext.madang.refusals import Refused

_CHUNK_BYTES = 1 << 20
UNFINISHED_MARK = ".unfinished-"
"""Part of the name of a file that is still being written."""


def release_folder() -> Path:
    """Return the folder that holds every release file."""
    configured = tk.config.get("madang.release_path")
    return Path(configured or Path(tk.config["ckan.storage_path"]) / "releases")


def file_path(package_id: str, release: str, file_name: str) -> Path:
    """Return where a file of a release has its place."""
    return release_folder() / package_id / release / file_name


def is_on_disk(path: Path, size_bytes: int) -> bool:
    """Tell whether the file is there at its full size."""
    try:
        return path.stat().st_size == size_bytes
    except FileNotFoundError:
        return False


def write_file(source: BinaryIO, path: Path, sha256: str, size_bytes: int) -> None:
    """Move the bytes of `source` to `path`, all of them or none.

    A reader of `path` sees nothing until the bytes are checked and on disk. A process killed
    on the way leaves at most an unfinished file, which house-keeping removes.

    Raises:
        Refused: The bytes are not those that were announced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}{UNFINISHED_MARK}{uuid.uuid4().hex}")
    try:
        _check_content(_copy(source, unfinished), (sha256, size_bytes), path.name)
        unfinished.rename(path)
        _sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(source: BinaryIO, target: Path) -> tuple[str, int]:
    """Copy to disk for good and return the SHA-256 and the size of what was copied."""
    digest, size_bytes = hashlib.sha256(), 0
    with target.open("xb") as file:
        for chunk in _chunks(source):
            file.write(chunk)
            digest.update(chunk)
            size_bytes += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size_bytes


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK_BYTES):
        yield chunk


def _check_content(found: tuple[str, int], announced: tuple[str, int], file_name: str) -> None:
    for key, is_value, should_be in zip(("sha256", "size_bytes"), found, announced, strict=True):
        if is_value != should_be:
            raise Refused(
                key,
                f"{file_name}: the bytes received have {key} {is_value}, announced was"
                f" {should_be}. Nothing was stored. Send the file again.",
            )


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
