"""Batches as pure functions of (seed, index): resuming is one integer, workers change nothing.

Arrays are named as in the field: encoder_input_tokens (B, S), decoder_target_tokens (B, T), ...
Padding is 0, EOS 1, and a decoder starts from 0. A single stack's row holds the input, EOS, the
target and EOS one after the other; a packed row holds several examples, told apart by segment ids.
"""

from __future__ import annotations

from lab.batching.batches import Batches, Measured
from lab.batching.examples import ExampleRows
from lab.batching.loading import loader
from lab.text_to_text.layout import Layout, Pairs, make_autoregressive_inputs, pack, padding_share
from t5study.batching.batches import FinetuneBatches, PretrainBatches
from t5study.batching.corpus import CorpusRows

__all__ = [
    "Batches",
    "CorpusRows",
    "ExampleRows",
    "FinetuneBatches",
    "Layout",
    "Measured",
    "Pairs",
    "PretrainBatches",
    "loader",
    "make_autoregressive_inputs",
    "pack",
    "padding_share",
]
