"""Publish into a folder: the same files, without any service."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from etl.errors import StoreError


def export_release(
    folder: Path,
    dataset: str,
    release: str,
    parts: Mapping[str, Mapping[str, Path]],
) -> Path:
    """Write a release's files, which appear together by one rename.

    Args:
        folder: Where releases go.
        dataset: Name of the dataset.
        release: Name of the release; one that is there already is left as it is.
        parts: For each part (`public`, `agency`, `report`) local paths by name; what is not
            public can be entered by its owner alone.

    Returns:
        `<folder>/<dataset>/<release>`.

    Raises:
        StoreError: The folder cannot be written to; nothing of the release is there.
    """
    target = folder / dataset / release
    if target.exists():
        return target
    temporary = target.with_name(f".{release}")
    shutil.rmtree(temporary, ignore_errors=True)  # of a run that was interrupted
    try:
        for part, paths in parts.items():
            (temporary / part).mkdir(parents=True)
            for name, path in paths.items():
                shutil.copyfile(path, temporary / part / name)
            if part != "public":  # a report may show the department its own cells
                (temporary / part).chmod(0o700)
        temporary.rename(target)
    except OSError as problem:
        shutil.rmtree(temporary, ignore_errors=True)
        raise StoreError(
            f"{dataset}: the release cannot be written to the folder ({problem.strerror}). Nothing"
            " of it is there; earlier releases stay. Make room or name another folder, then run"
            " again.",
            dataset=dataset,
        ) from None
    return target
