"""Which corpora a cell reads."""

from __future__ import annotations

from lab.corpora import is_own
from lab.encoder.suite.settings import SuiteSchema


def corpora_named(config: SuiteSchema) -> list[str]:
    """The corpora that a cell reads as text: that of pre-training, then the vocabulary's.

    None where the encoder is given.
    """
    if config.pretrain.from_ is not None:
        return []
    names = [config.dataset.corpus]
    if not config.vocabulary.file:
        names.append(vocabulary_corpus(config))
    return list(dict.fromkeys(names))


def vocabulary_corpus(config: SuiteSchema) -> str:
    """The corpus that the vocabulary is trained on. Raises DataError for one that is not there."""
    if config.vocabulary.corpus is not None:
        return config.vocabulary.corpus
    return config.dataset.corpus if is_own(config.dataset.corpus) else config.roles.vocabulary
