"""How much memory this process needed, step by step."""

from __future__ import annotations

import re
import resource
from contextlib import suppress
from pathlib import Path

PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


def reset_peak() -> None:
    """Start a new measurement; where the kernel refuses, the peak is the process's own."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): VmHWM


def peak_bytes() -> int:
    """Return the most memory that was resident at once since the last reset."""
    with suppress(OSError):
        if found := PEAK.search(Path("/proc/self/status").read_text(encoding="ascii")):
            return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
