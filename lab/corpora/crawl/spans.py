"""Repeated three-sentence spans, dropped as the paper describes it, by datatrove's own blocks."""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.pipeline.dedup.sentence_dedup import SentDedupConfig
from datatrove.utils.text import TextNormConfig
from datatrove.utils.word_tokenizers import WordTokenizer

from lab.corpora.crawl.lines import HASH
from lab.corpora.sentences import sentence_splitter


class PunktSentences(WordTokenizer):
    """Gives datatrove's blocks the cleaning rules' own sentences, in place of spaCy's."""

    def word_tokenize(self, text: str) -> list[str]:
        """Split at white space."""
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        """Split into sentences."""
        return [text[start:end] for start, end in self.span_tokenize(text)]

    def span_tokenize(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield each sentence's (start, end)."""
        return sentence_splitter().spans(text)


def span_settings(min_num_sentences: int) -> SentDedupConfig:
    """datatrove's settings for the published rule: spans alike but for white space.

    Its defaults also fold case, digits, punctuation and accents, and ask for 50 words a page.
    """
    return SentDedupConfig(
        n_sentences=3,
        split_sentences=True,
        min_doc_words=0,
        min_num_sentences=min_num_sentences,
        hash_config=HASH,
        norm_config=TextNormConfig(
            lowercase=False,
            norm_whitespace=True,
            remove_punctuation=False,
            norm_unicode_diacritics=False,
            norm_numbers=False,
        ),
    )
