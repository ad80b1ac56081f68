"""The language of a page by langdetect, the same on every machine and in any order of pages."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langdetect.detector_factory import DetectorFactory

_SEED = 0

NO_FEATURES = "langdetect-exception"
NO_PREDICTION = "page-filtered-nolangpredictions"
UNSURE = "page-filtered-lowlangdetectconf"
OTHER_LANGUAGE = "page-filtered-ignoredlang"


def language_verdict(text: str, language: str, min_probability: float) -> tuple[str | None, str]:
    """Judge a page's language: (the count of why it is dropped or None, the language found)."""
    from langdetect.lang_detect_exception import LangDetectException

    detector = _factory().create()
    detector.append(text)
    try:
        predictions = detector.get_probabilities()
    except LangDetectException:
        return NO_FEATURES, ""
    if not predictions:
        return NO_PREDICTION, ""
    best = predictions[0]
    if best.prob < min_probability:
        return UNSURE, best.lang
    return (None if best.lang == language else OTHER_LANGUAGE), best.lang


def known_languages() -> list[str]:
    """The names that langdetect has for languages."""
    return sorted(_factory().langlist)


@functools.cache
def _factory() -> DetectorFactory:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    # langdetect's own loader takes the profiles in the order of the directory listing, which
    # differs between file systems, and seeds a global.
    profiles = sorted(Path(PROFILES_DIRECTORY).iterdir())
    factory = DetectorFactory()
    factory.set_seed(_SEED)
    factory.load_json_profile(
        [
            profile.read_text("utf-8")
            for profile in profiles
            if profile.is_file() and not profile.name.startswith(".")
        ]
    )
    return factory
