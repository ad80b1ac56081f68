"""What this machine's processor can do, read without importing torch."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
DRIVER = Path("/dev/nvidiactl")


def emulates_bfloat16() -> bool:
    """Whether matrix products in bfloat16 are emulated here, many times slower than in float32.

    So they are on x86 processors without AVX-512 (BW), where oneDNN has no kernels for them. False
    where an NVIDIA driver offers a GPU in the processor's place, and where nothing is known.
    """
    if DRIVER.exists():
        return False
    with suppress(OSError):
        for line in CPUINFO.read_text().splitlines():
            name, _, flags = line.partition(":")
            if name.strip() == "flags":
                return "avx512bw" not in flags.split()
    return False
