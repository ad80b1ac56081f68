"""What a worker has imported: a library may take 100 MiB and a second that no stage asked for."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

TRAINING = {
    "lab.encoder.finetuning.finetune",
    "studies.albert.training.pretrain",
    "studies.electra.training.pretrain",
    "studies.gector.training.pretrain",
    "studies.gector.training.rewrite",
    "studies.gector.training.tune",
    "studies.star.training.run",
    "t5study.training.finetune",
    "t5study.training.pretrain",
}
"""The modules of stages that train."""
OF_DATA_AND_SCORES = (
    "datasets pandas pyarrow sklearn nltk rouge_score statsmodels wandb hydra datatrove spacy"
)
"""What no stage of preset=embedded needs to begin, to train, or to count right answers."""
OF_TRAINING = (
    "lightning torchmetrics transformers scipy matplotlib sympy torch._dynamo torch._inductor "
    "torch.distributed.tensor torch.distributed.fsdp"
)
"""What a training brings: Lightning its metrics, and an optimizer torch's compiler."""
LINE = "import sys; print(*sorted({*sys.argv[1].split()} & sys.modules.keys()))"


def stages() -> set[str]:
    """The modules that the code of all studies names as what runs a stage."""
    found = set()
    for path in (*ROOT.glob("lab/**/*.py"), *ROOT.glob("*stud*/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "run":
                for text in ast.walk(node.value):
                    if isinstance(text, ast.Constant) and "." in str(text.value):
                        found.add(str(text.value).rpartition(".")[0])
    return found


def imported(code: str, names: str, *arguments: str) -> list[str]:
    """Which of the names a new process has imported after this code."""
    paths = [ROOT, ROOT / "tests" / "shared", ROOT / "tests" / "studies" / "gector"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{LINE}", names, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split() if done.stdout.strip() else []


def test_only_trainings_import_what_trains() -> None:
    """All other stages together: data, validation of given models, evaluations."""
    others = sorted(stages() - TRAINING)
    assert stages() >= TRAINING
    assert "studies.gector.training.evaluate" in others
    assert "t5study.training.evaluate" in others
    code = "\n".join(f"import {module}" for module in others)
    assert imported(code, f"{OF_DATA_AND_SCORES} {OF_TRAINING}") == []


def test_a_training_imports_no_library_of_data_and_scores(tmp_path: Path) -> None:
    """One that really trains and validates, in a worker that can run all of them."""
    code = "\n".join(
        [
            *(f"import {module}" for module in sorted(TRAINING)),
            "import sys",
            "from pathlib import Path",
            "from tiny_tagger import prepared, settings, tuned",
            "from lab.metrics import accuracy, bleu",
            "folder = Path(sys.argv[2])",
            "tuned(folder, settings(24, epochs=1), prepared(folder / 'inputs'))",
            "assert accuracy([1, 0], [1, 1]) == {'acc': 50.0}",
            "assert bleu(['a b c d e'], ['a b c d e']) == {'bleu': 100.0}",
        ]
    )
    found = imported(code, f"{OF_DATA_AND_SCORES} lightning torch._dynamo", str(tmp_path))
    assert found == ["lightning", "torch._dynamo"]
