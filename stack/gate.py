"""Start one part once what it needs answers.

The supervisor runs ``python -m stack.gate PART``.

The process that waits becomes the part, so the supervisor's signals reach it; and it dies
with the supervisor, which by itself would leave its children behind.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys
import time

from stack.parts import Part, all_parts, clean_environment
from stack.settings import current_settings
from stack.sweep import end_idle_orphans, recall

PR_SET_PDEATHSIG = 1
LONGEST_WAIT_SECONDS = 120
PAUSE_SECONDS = 0.2


def wait_for(parts: list[Part]) -> None:
    """Return once every part answers; end this process when one does not in two minutes."""
    end = time.monotonic() + LONGEST_WAIT_SECONDS
    for part in parts:
        while not part.answers(0):
            if time.monotonic() > end:
                sys.exit(
                    f"{part.name} did not answer in {LONGEST_WAIT_SECONDS} s;"
                    " the supervisor tries again."
                )
            time.sleep(PAUSE_SECONDS)


def become(user: str) -> None:
    """Give up root for the part's own account."""
    account = pwd.getpwnam(user)
    os.initgroups(user, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def die_with_supervisor(supervisor: int, stop_signal: str) -> None:
    """Have the kernel stop this process when its parent ends (until its account changes)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.Signals[f"SIG{stop_signal}"])
    if os.getppid() != supervisor:
        sys.exit("The supervisor is gone; this part was not started.")


def main(name: str) -> None:
    """Wait, then turn into the part."""
    supervisor = os.getppid()
    settings = current_settings()
    parts = all_parts(settings)
    part = parts[name]
    die_with_supervisor(supervisor, part.stop_signal)
    if session := recall(settings.run / "session.json"):
        end_idle_orphans(session)
    wait_for([parts[other] for other in part.waits_for])
    environment = clean_environment(settings) | dict(part.environment())
    command = part.command()
    os.chdir(part.folder)
    if part.user and os.geteuid() == 0:
        become(part.user)
        die_with_supervisor(supervisor, part.stop_signal)
    os.execvpe(command[0], command, environment)  # noqa: S606 - becoming the part is the point


if __name__ == "__main__":
    main(sys.argv[1])
