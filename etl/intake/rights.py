"""Who may enter which folder: one department, and the pipeline."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from etl.errors import StoreError
from etl.intake.folders import ACCEPTED, DROP, RETURNED, explaining, folder_of

GROUP = "madang-{}"
LONGEST_GROUP = 32  # as `groupadd` takes it
PASSAGE = 0o2750  # the department goes through, and makes nothing beside its datasets
BACK = 0o2750  # what came back is read, and changed by nobody


@dataclass(frozen=True, slots=True)
class Share:
    """The folders of one organisation.

    Attributes:
        folder: What its share shows.
        group: Whose members may enter; no other account may.
        datasets: Names of the datasets whose folders are there.
    """

    folder: Path
    group: str
    datasets: tuple[str, ...]


def group_of(organisation: str) -> str:
    """Return the group of a department's accounts.

    Raises:
        StoreError: The system takes no group name as long.

    Examples:
        >>> group_of("parks")
        'madang-parks'
    """
    group = GROUP.format(organisation)
    if len(group) > LONGEST_GROUP:
        raise StoreError(
            f"{organisation}: a group called {group} would be longer than the {LONGEST_GROUP}"
            " letters that the system takes. Nothing was made. Shorten the organisation's name."
        )
    return group


def missing_commands(intake: Path, organisation: str) -> tuple[str, ...]:
    """Return what an administrator has to run before the folders can be made."""
    group, account = group_of(organisation), pipeline_account(intake)
    commands = []
    if not has_group(group):
        commands.append(f"groupadd {group}")
    if account != "root" and not _is_member(account, group):
        commands.append(f"usermod --append --groups {group} {account}")
    return tuple(commands)


def run_commands(commands: Iterable[str]) -> None:
    """Run what `missing_commands` names, as the administrator who asked for it.

    Raises:
        StoreError: One of them failed; folders were left as they were.
    """
    for command in commands:
        program, *arguments = command.split()
        found = shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin")
        try:
            subprocess.run([found or program, *arguments], check=True, capture_output=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError):
            raise StoreError(
                f"This command failed: {command}. No folder was changed. Run it as root, see"
                " what it says, then try again."
            ) from None


def share_folders(intake: Path, organisation: str, datasets: Collection[str]) -> Share:
    """Make the folders of an organisation, or set right the rights of those that exist.

    What lies in them is left alone. The folders belong to whom the intake belongs, and to the
    organisation's group.

    Raises:
        StoreError: A folder cannot be made or handed to the group.
    """
    group = group_of(organisation)
    owner, gid = _owner(intake), grp.getgrnam(group).gr_gid
    top = intake / organisation
    with explaining():
        _set(top, owner, gid, PASSAGE)
        for dataset in datasets:
            folder = folder_of(intake, dataset)
            _set(folder, owner, gid, DROP)
            for below in (ACCEPTED, RETURNED):
                _set(folder / below, owner, gid, BACK)
    return Share(top, group, tuple(sorted(datasets)))


def has_group(group: str) -> bool:
    """Tell whether the system knows a group."""
    try:
        grp.getgrnam(group)
    except KeyError:
        return False
    return True


def pipeline_account(intake: Path) -> str:
    """Return the account that the intake belongs to: the one that the pipeline runs as."""
    owner = _owner(intake)
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)


def _owner(intake: Path) -> int:
    with explaining():
        intake.mkdir(parents=True, exist_ok=True)
        return intake.stat().st_uid


def _is_member(account: str, group: str) -> bool:
    try:
        primary = pwd.getpwnam(account).pw_gid
        return group in {grp.getgrgid(gid).gr_name for gid in os.getgrouplist(account, primary)}
    except KeyError:
        return False


def _set(folder: Path, owner: int, gid: int, mode: int) -> None:
    """Make a folder with owner, group and mode; one of a department's links is not followed."""
    folder.mkdir(exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchown(handle, owner, gid)
        os.fchmod(handle, mode)
        if stat.S_IMODE(os.fstat(handle).st_mode) != mode:
            raise StoreError(
                f"{folder.parent.name}/{folder.name}: the disk does not keep the group's rights."
                " The folder was left as it is, and departments could see one another's files."
                " Put the intake on a disk with the rights of POSIX, and mount it without nosuid"
                " options that drop the group bit."
            )
    finally:
        os.close(handle)
