"""Which prepared data hold the rows of a labelled data set out of packages."""

from __future__ import annotations

from lab.corpora.prepared import Prepared
from lab.datasets.embedded import catalogues, docstrings, olmo, sentiment, wordnet
from lab.datasets.registry import help_pages, messages

EMBEDDED: dict[str, Prepared] = {
    "vader_sentiment": sentiment.DATA,
    "vader_rating": sentiment.DATA,
    "gloss_category": wordnet.GLOSSES,
    "word_in_context": wordnet.USAGE,
    "boolq": olmo.BOOLQ,
    "winogrande": olmo.WINOGRANDE,
    "docstring_summary": docstrings.DATA,
    "gettext_ende": catalogues.DATA,
    "gettext_enfr": catalogues.DATA,
    "gettext_enro": catalogues.DATA,
}
"""What is embedded, by the data set's name."""

REGISTRY: dict[str, Prepared] = {
    "help_ende": help_pages.DATA,
    "help_enfr": help_pages.DATA,
    "messages_enro": messages.DATA,
}
"""What Debian's archive carries, fetched only when asked for."""
