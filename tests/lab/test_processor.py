"""What is read of a processor's flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import processor

ZEN = "processor\t: 0\nflags\t\t: fpu sse2 avx avx2 f16c\n"
SKYLAKE = "processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512bw avx512vl\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd bf16\n"


@pytest.mark.parametrize(
    ("text", "emulated"), [(ZEN, True), (SKYLAKE, False), (ARM, False), ("", False)]
)
def test_flags_say_whether_bfloat16_is_emulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, emulated: bool
):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(processor, "DRIVER", tmp_path / "none")
    assert processor.emulates_bfloat16() is emulated


def test_a_gpu_and_a_machine_without_the_file_emulate_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "missing")
    monkeypatch.setattr(processor, "DRIVER", tmp_path / "none")
    assert not processor.emulates_bfloat16()
    (tmp_path / "cpuinfo").write_text(ZEN)
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(processor, "DRIVER", tmp_path)
    assert not processor.emulates_bfloat16()
