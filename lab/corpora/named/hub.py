"""The paper's corpora as the Hugging Face hub has them (2.2)."""

from __future__ import annotations

from lab.corpora.hub import HubCorpus
from lab.corpora.weighted import WeightedCorpus

C4_COMMIT = "1588ec454efa1a09f29cd18ddd04fe05fc8653a2"
WIKIPEDIA_COMMIT = "b04c8d1ceb2f5cd4588862100d08de323dccfbaa"

HUB = {
    "c4": HubCorpus(
        name="c4",
        description="English web pages of April 2019, cleaned (745 GB)",
        licence="ODC-BY 1.0 and the terms of Common Crawl",
        approximate_tokens=156_000_000_000,
        path="allenai/c4",
        revision=C4_COMMIT,
        config="en",
    ),
    "c4_unfiltered": HubCorpus(
        name="c4_unfiltered",
        description="English web pages of April 2019 as they are (6.1 TB)",
        licence="ODC-BY 1.0 and the terms of Common Crawl",
        approximate_tokens=1_400_000_000_000,
        path="allenai/c4",
        revision=C4_COMMIT,
        config="en.noclean",
    ),
    "realnews_like": HubCorpus(
        name="realnews_like",
        description="C4 from the domains of RealNews (35 GB)",
        licence="ODC-BY 1.0 and the terms of Common Crawl",
        approximate_tokens=8_000_000_000,
        path="allenai/c4",
        revision=C4_COMMIT,
        config="realnewslike",
    ),
    "wikipedia": HubCorpus(
        name="wikipedia",
        description="English Wikipedia of November 2023; the paper's is of 2019 (16 GB)",
        licence="CC BY-SA 3.0 and GFDL",
        approximate_tokens=4_500_000_000,
        path="wikimedia/wikipedia",
        revision=WIKIPEDIA_COMMIT,
        config="20231101.en",
    ),
    **{
        f"c4_{language}": HubCorpus(
            name=f"c4_{language}",
            description=f"web pages that a classifier calls {called}",
            licence="ODC-BY 1.0 and the terms of Common Crawl",
            approximate_tokens=tokens,
            path="allenai/c4",
            revision=C4_COMMIT,
            config=language,
        )
        # Tokens as the paper of mT5 counts them (its table 6).
        for language, called, tokens in (
            ("de", "German", 347_000_000_000),
            ("fr", "French", 318_000_000_000),
            ("ro", "Romanian", 52_000_000_000),
        )
    },
}

CORPORA = {
    **HUB,
    "c4_with_translations": WeightedCorpus(
        name="c4_with_translations",
        description="10 parts of English, one each of German, French and Romanian web pages, "
        "to train the vocabulary on",
        licence="ODC-BY 1.0 and the terms of Common Crawl",
        parts=((10, HUB["c4"]), *((1, HUB[f"c4_{each}"]) for each in ("de", "fr", "ro"))),
    ),
}
