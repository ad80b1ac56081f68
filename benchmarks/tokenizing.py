"""Tokens a second from text to ids and to a tokenized corpus, on one core and on all.

    python benchmarks/tokenizing.py [--corpus mixed] [--pieces 4000] [--documents 8000]

Trains a vocabulary on the corpus, or reads the file given with --vocabulary. Peers: SentencePiece
called for one document after another, and Hugging Face `tokenizers` with the same pieces.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import sentencepiece
from rich.console import Console
from rich.table import Table

from lab.corpora import get_corpus
from lab.corpora.tokenized import encoded, write_tokens
from lab.vocabulary import Vocabulary, keep_vocabulary, train_vocabulary


def tokenizers_peer(proto: Path) -> Callable[[list[str]], int]:
    """Encoding a batch by Hugging Face tokenizers on all cores."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    processor = sentencepiece.SentencePieceProcessor(model_file=str(proto))
    pieces = [
        (processor.id_to_piece(i), processor.get_score(i))
        for i in range(processor.get_piece_size())
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(" {2,}", " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return lambda texts: sum(len(made.ids) for made in tokenizer.encode_batch_fast(texts))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default="mixed", help="a corpus of lab.corpora")
    parser.add_argument("--vocabulary", help='a spiece.model, or "published"; default: train one')
    parser.add_argument("--pieces", type=int, default=4000, help="of a trained vocabulary")
    parser.add_argument("--documents", type=int, default=8000, help="how many are encoded")
    parser.add_argument("--repeats", type=int, default=3, help="the median of so many runs")
    options = parser.parse_args()
    texts = list(islice(get_corpus(options.corpus).documents(), options.documents))
    size = sum(len(text.encode()) for text in texts)
    cores = len(os.sched_getaffinity(0))
    table = Table(title=f"{len(texts):,} documents, {size / 1e6:.1f} MB, {cores} cores")
    for column in ("way", "tokens", "tokens/s", "MB/s"):
        table.add_column(column, justify="left" if column == "way" else "right")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        model = (
            keep_vocabulary(options.vocabulary)
            if options.vocabulary
            else train_vocabulary(texts, options.pieces, folder)
        )
        trained = time.perf_counter() - start
        vocabulary = Vocabulary(model)
        processor = sentencepiece.SentencePieceProcessor(model_file=str(model))

        def corpus_of(threads: int | None) -> int:
            made = encoded(texts, vocabulary, threads)
            return int(write_tokens(made, folder / "c", pieces=vocabulary.pieces)["tokens"])

        ways: dict[str, Callable[[], int]] = {
            "ours, 1 thread": lambda: sum(map(len, vocabulary.encode_arrays(texts, 1))),
            f"ours, {cores} threads": lambda: sum(map(len, vocabulary.encode_arrays(texts))),
            "ours, text to corpus, 1 thread": lambda: corpus_of(1),
            f"ours, text to corpus, {cores} threads": lambda: corpus_of(None),
            "SentencePiece, document by document": lambda: sum(
                len(processor.encode(text)) for text in texts
            ),
        }
        peer = tokenizers_peer(model)
        ways[f"tokenizers, {cores} threads"] = lambda: peer(texts)
        for way, work in ways.items():
            spent = []
            for _ in range(options.repeats):
                start = time.perf_counter()
                tokens = work()
                spent.append(time.perf_counter() - start)
            took = statistics.median(spent)
            table.add_row(way, f"{tokens:,}", f"{tokens / took:,.0f}", f"{size / took / 1e6:.1f}")
        Console().print(table)
        if not options.vocabulary:
            Console().print(f"{options.pieces} pieces trained in {trained:.1f} s on one thread")


if __name__ == "__main__":
    main()
