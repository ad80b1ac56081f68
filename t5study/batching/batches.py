"""Batches of pre-training and of fine-tuning: mixtures of corpora, or of tasks."""

from __future__ import annotations

from collections.abc import Mapping

from lab.batching.batches import Batches
from lab.batching.examples import ExampleRows
from lab.corpora.tokenized import TokenizedCorpus
from lab.text_to_text.layout import Layout, Pairs
from t5study.batching.corpus import CorpusRows
from t5study.objectives.objective import Objective


class PretrainBatches(Batches):
    """Corrupted pieces of a corpus, or of several (corpus, rate) by name (sections 3.1.4, 3.4).

    The targets length is the objective's own for `inputs_length`.
    """

    def __init__(
        self,
        corpus: TokenizedCorpus | Mapping[str, tuple[TokenizedCorpus, float]],
        objective: Objective,
        *,
        architecture: str,
        inputs_length: int,
        batch_size: int,
        seed: int,
        loss_on_inputs: bool = False,
    ) -> None:
        corpora = {"corpus": (corpus, 1.0)} if isinstance(corpus, TokenizedCorpus) else corpus
        raw_length, targets_length = objective.lengths(inputs_length)
        layout = Layout(
            architecture=architecture,
            inputs_length=inputs_length,
            targets_length=targets_length,
            row_length=objective.row_length(inputs_length),
            loss_on_inputs=loss_on_inputs,
        )
        super().__init__(
            {n: CorpusRows(c, objective, layout, raw_length) for n, (c, _) in corpora.items()},
            {name: rate for name, (_, rate) in corpora.items()},
            layout,
            batch_size=batch_size,
            seed=seed,
        )


class FinetuneBatches(Batches):
    """Examples of tasks, drawn by their rates (sections 2.4, 3.5.2).

    Packed, a row holds as many of a task's examples as fit; else one, and a batch is as wide as
    its longest example.
    """

    def __init__(
        self,
        examples: Mapping[str, Pairs],
        rates: Mapping[str, float],
        *,
        architecture: str,
        inputs_length: int,
        targets_length: int,
        batch_size: int,
        seed: int,
        packing: bool = False,
        loss_on_inputs: bool = False,
    ) -> None:
        layout = Layout(
            architecture=architecture,
            inputs_length=inputs_length,
            targets_length=targets_length,
            loss_on_inputs=loss_on_inputs,
        )
        sources = {
            name: ExampleRows(pairs, layout, packing=packing, seed=seed)
            for name, pairs in examples.items()
        }
        super().__init__(sources, rates, layout, batch_size=batch_size, seed=seed)
