"""What is told of SLURM's own words: why a job waits, was refused or ended, and what to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps.cluster.advice import for_ending, for_refusal, for_waiting, is_submit_limit, last_lines
from sweeps.cluster.queue import Element

POLICY = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
"""What SLURM says of any limit of an account's or a QOS's."""


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("JobHeldUser", "scontrol release 7"),
        ("JobHeldAdmin", "ask them"),
        ("launch failed requeued held", "scontrol release 7"),
        ("launch_failed_requeued_held", "scontrol release 7"),
        ("JobHoldMaxRequeue", "look at its log"),
        ("ReqNodeNotAvail, UnavailableNodes:node[1-3]", "scontrol show reservation"),
        ("ReqNodeNotAvail,_UnavailableNodes:node1", "scontrol show reservation"),
        ("PartitionTimeLimit", "slurm.time_minutes"),
        ("InvalidQOS", "slurm.qos"),
        ("InvalidAccount", "slurm.account"),
        ("QOSMaxWallDurationPerJobLimit", "slurm.time_minutes"),
        ("AssocMaxCpuPerJobLimit", "slurm.cpus_per_task"),
        ("QOSMaxMemoryPerJob", "slurm.memory_gb"),
        ("MaxMemPerLimit", "slurm.memory_gb"),
        ("AssocGrpCPUMinutesLimit", "slurm.account"),
        ("AssocGrpBillingMinutes", "slurm.account"),
        ("BadConstraints", "slurm.constraint"),
        ("DependencyNeverSatisfied", "scancel 7"),
    ],
)
def test_a_job_that_waits_for_somebody(reason: str, words: str) -> None:
    """Each reason has the advice that helps there."""
    advice = for_waiting(Element(job="7", state="PENDING", reason=reason), "7")
    assert advice is not None
    assert words in advice


@pytest.mark.parametrize(
    "reason",
    [
        *("None", "Priority", "Resources", "Dependency", "JobArrayTaskLimit", "BeginTime"),
        *("QOSMaxJobsPerUserLimit", "AssocMaxJobsLimit", "QOSGrpCpuLimit", "QOSMaxCpuPerUserLimit"),
        *("AssocGrpNodeLimit", "Licenses", "Prolog", "Reservation"),
    ],
)
def test_a_job_that_waits_its_turn(reason: str) -> None:
    """Nothing is said of what passes by itself, nor of a job that runs."""
    assert for_waiting(Element(job="7", state="PENDING", reason=reason), "7") is None
    assert for_waiting(Element(job="7", state="RUNNING", reason="JobHeldUser"), "7") is None


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("Invalid account or account/partition combination specified", "slurm.account"),
        ("Invalid qos specification", "slurm.qos"),
        ("invalid partition specified: nope", "slurm.partition"),
        ("Requested time limit is invalid (missing or exceeds some limit)", "slurm.time_minutes"),
        ("Invalid feature specification", "slurm.constraint"),
        ("Invalid generic resource (gres) specification", "slurm.gpus"),
        ("Memory specification can not be satisfied", "slurm.memory_gb"),
        ("Requested node configuration is not available", "slurm.cpus_per_task"),
        ("Unable to contact slurm controller (connect failure)", "again later"),
        ("Socket timed out on send/recv operation", "again later"),
        ("Invalid node name specified", "slurm.nodelist"),
        ("Invalid wckey specification", "slurm.extra.wckey"),
        ("You must give a project in --comment", "slurm.comment"),
        (f"QOSMaxWallDurationPerJobLimit {POLICY}", "slurm.time_minutes"),
        (f"AssocMaxCpuPerJobLimit {POLICY}", "slurm.cpus_per_task"),
    ],
)
def test_a_refusal(printed: str, words: str) -> None:
    """The setting to change is named."""
    text = f"sbatch: error: Batch job submission failed: {printed}"
    assert words in for_refusal(text)
    assert not is_submit_limit(text)


@pytest.mark.parametrize(
    "printed",
    [
        "AssocMaxSubmitJobLimit",
        "QOSMaxSubmitJobPerUserLimit",
        "AssocGrpSubmitJobsLimit",
        f"QOSMaxSubmitJobPerUserLimit {POLICY}",
        POLICY,
    ],
)
def test_a_limit_on_jobs_in_the_queue(printed: str) -> None:
    """It passes when jobs have ended, so it is told apart."""
    assert is_submit_limit(f"sbatch: error: Batch job submission failed: {printed}")


def test_an_ending() -> None:
    """Where SLURM's word is enough; else the log tells."""
    assert for_ending("OUT_OF_MEMORY") == "Raise slurm.memory_gb."
    assert for_ending("FAILED") == ""


def test_the_last_lines_of_a_log(tmp_path: Path) -> None:
    """Those that say something, the most telling first; of the first log that has any."""
    empty, full = tmp_path / "empty.err", tmp_path / "full.err"
    empty.write_text("\n  \n")
    lines = ["ModuleNotFoundError: No module named 'x'", *(f"line {n}" for n in range(5))]
    noise = ["srun: error: n1: task 0: Exited with exit code 1", "srun: Terminating StepId=4.0"]
    full.write_bytes("\r\n".join([*lines, *noise]).encode() + b"\n\xff\xfe\n")
    assert last_lines([tmp_path / "none.err", empty, full])[:3] == [lines[0], "line 3", "line 4"]
    assert last_lines([empty]) == ()


def test_a_log_of_srun_alone(tmp_path: Path) -> None:
    """What says little is better than nothing, and a line is cut where it is endless."""
    log = tmp_path / "log.err"
    log.write_text("srun: error: n1: task 0: Killed\n")
    assert last_lines([log]) == ["srun: error: n1: task 0: Killed"]
    log.write_text("x" * 5000)
    assert last_lines([log]) == ["x" * 200]
