"""What every pre-training objective offers, and finding one by its name.

Shape letters: B texts of a batch, L raw tokens of the longest one, S inputs, T targets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lab.errors import StudyError, nearest
from lab.named import installed
from lab.runs import exceeds, quantile
from lab.sources import offered_source
from t5study.objectives.spans import FIRST_ORDINARY_ID, TokenRows

ARCHITECTURES = ("encoder_decoder", "shared", "half", "language_model", "prefix_lm")
TARGETS_STYLES = ("released", "paper")

# Of examples whose targets vary in length, at most this share may be cut short by a targets
# length of our choosing. At 15% and 512 tokens it gives the published 104 for dropped tokens.
TRUNCATED_SHARE = 1e-3

ENTRY_POINTS = "t5study.objectives"
"""The group in which other packages offer objectives by name."""

# An example runs out of sentinels with at most this probability.
FAILURE = 1e-9


class ObjectiveError(StudyError, ValueError):
    """An objective nobody knows, or settings it cannot work with."""


class Corrupted(NamedTuple):
    """A batch of examples without EOS, padded with 0.

    inputs int32 (B, S), inputs_lengths (B,), targets int32 (B, T), targets_lengths (B,), and
    overflowed bool (B,): examples whose last runs stay uncorrupted for want of sentinels.
    """

    inputs: np.ndarray
    inputs_lengths: np.ndarray
    targets: np.ndarray
    targets_lengths: np.ndarray
    overflowed: np.ndarray

    @classmethod
    def of(
        cls, inputs: TokenRows, targets: TokenRows, overflowed: np.ndarray | None = None
    ) -> Corrupted:
        """Puts the two sides of a batch together; without `overflowed` no example did."""
        if overflowed is None:
            overflowed = np.zeros(len(inputs.lengths), dtype=bool)
        return cls(inputs.tokens, inputs.lengths, targets.tokens, targets.lengths, overflowed)


@dataclass(frozen=True, kw_only=True)
class Objective(ABC):
    """Turns raw text into inputs and targets.

    An objective holds no state: what it makes of a text depends on the text and on the generator
    alone, so that a resumed run repeats it.
    """

    name: ClassVar[str]
    joins_documents: ClassVar[bool] = True
    """Whether documents are put together before they are cut into pieces."""
    pairs_texts: ClassVar[bool] = False
    """Whether two texts can fill one row of an encoder and a decoder.

    Corruption splits the first text between inputs and targets. The second text is split so that
    its inputs fill the space left in the row's inputs, and its targets the space left in the
    row's targets: neither side is padded.
    """
    architectures: ClassVar[tuple[str, ...]] = ARCHITECTURES
    """The kinds of model it can train."""

    def corrupt(self, tokens: ArrayLike, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Makes inputs int32 (S,) and targets int32 (T,) of tokens (L,), without EOS and padding.

        The same as a batch of this one text. Raises ValueError for tokens of another shape.
        """
        text = np.asarray(tokens)
        if text.ndim != 1:
            raise ValueError(f"Expected tokens of shape (L,), got {text.shape}; see corrupt_batch.")
        example = self.corrupt_batch(text[None], rng)
        return example.inputs[0], example.targets[0]

    def corrupt_batch(
        self,
        tokens: ArrayLike,
        rng: np.random.Generator,
        lengths: ArrayLike | None = None,
        second: np.ndarray | None = None,
    ) -> Corrupted:
        """Makes examples of tokens (B, L), of which a row's first `lengths` (B,) count.

        Without lengths, all tokens of a row count. `second` (B,) marks rows whose text shares a
        row of the model with the text before it and is at most as long; an objective that does
        not pair texts ignores it. Raises ValueError for other shapes.
        """
        rows = TokenRows.of(tokens, lengths)
        if self.pairs_texts and second is not None and second.any():
            return self._corrupt_pairs(rows, second, rng)
        return self._corrupt(rows, rng)

    def lengths(self, inputs_length: int) -> tuple[int, int]:
        """Gives (raw tokens to take, targets length with EOS) for inputs of that length with EOS.

        Corrupted inputs with EOS never exceed `inputs_length`; how often targets exceed theirs
        says `truncation_probability`.
        """
        return raw_tokens(inputs_length), inputs_length

    def version(self, inputs_length: int) -> int:
        """Gives the version of pre-training with this objective, raised when its meaning changes.

        Texts that stand alone shared rows in another way at first.
        """
        return 1 if self.joins_documents else 2

    def row_length(self, inputs_length: int) -> int:
        """Gives the tokens of an example as one sequence: inputs, EOS, targets, EOS.

        That is what a single stack reads of it at most.
        """
        return inputs_length + self.lengths(inputs_length)[1]

    def truncation_probability(
        self, inputs_length: int, targets_length: int | None = None
    ) -> float:
        """Gives the share of full-length examples whose targets with EOS are cut short.

        `targets_length` is the objective's own for `inputs_length` where not given.
        """
        tokens_length, own_length = self.lengths(inputs_length)
        limit = own_length if targets_length is None else targets_length
        return exceeds(self.targets_length_distribution(tokens_length), limit)

    def sentinels_needed(self, tokens_length: int, failure: float = FAILURE) -> int:
        """Gives how many sentinels suffice for an example with probability 1 - `failure`."""
        return quantile(self.sentinels_distribution(tokens_length), failure)

    def sentinel_warning(self, inputs_length: int) -> str | None:
        """Says with numbers that examples will run out of sentinels, or None if they will not."""
        return None

    def targets_length_distribution(self, tokens_length: int) -> np.ndarray:
        """Gives the probability of targets of k tokens with EOS at index k."""
        return certain(tokens_length + 1)

    def sentinels_distribution(self, tokens_length: int) -> np.ndarray:
        """Gives the probability that an example needs k sentinels at index k."""
        return certain(0)

    @abstractmethod
    def _corrupt(self, rows: TokenRows, rng: np.random.Generator) -> Corrupted: ...

    def _corrupt_pairs(
        self, rows: TokenRows, second: np.ndarray, rng: np.random.Generator
    ) -> Corrupted:
        raise NotImplementedError(f"{self.name} pairs no texts")


_OBJECTIVES: dict[str, type[Objective]] = {}


def register(cls: type[Objective]) -> type[Objective]:
    """Makes an objective known by its `name`."""
    _OBJECTIVES[cls.name] = cls
    return cls


def raw_tokens(inputs_length: int) -> int:
    """Gives the tokens that fit beside EOS where corruption may shorten a text by nothing."""
    if inputs_length < 2:
        raise ObjectiveError(
            f"inputs_length={inputs_length} leaves no room for a token and EOS: give at least 2."
        )
    return inputs_length - 1


def certain(count: int) -> np.ndarray:
    """Gives the distribution of a count that does not vary."""
    distribution = np.zeros(count + 1)
    distribution[count] = 1.0
    return distribution


def objective_names() -> list[str]:
    """Lists the known objectives, those of other packages included, sorted."""
    return sorted(_known())


def objective_settings(name: str) -> tuple[str, ...]:
    """Names the settings of `get_objective` that this objective reads; the others do nothing."""
    return tuple(field.name for field in fields(_find(name)))


def objective_source(name: str) -> str | None:
    """Gives the sha256 of the code of an objective that another package offers; None for ours.

    What is made of a text by one of ours is named by its `version`.
    """
    offered = installed(ENTRY_POINTS).get(name)
    return None if offered is None else offered_source(ENTRY_POINTS, name, offered)


def get_objective(
    name: str,
    *,
    vocab_size: int,
    noise_density: float = 0.15,
    mean_noise_span_length: float = 3.0,
    num_sentinels: int = 100,
    targets_style: str = "released",
) -> Objective:
    """Builds the objective of that name; a setting it does not read changes nothing.

    vocab_size counts pieces and sentinels, not the rows that pad an embedding: the first sentinel
    is `vocab_size - 1`, the last `vocab_size - num_sentinels`. targets_style is "released" or
    "paper" (see `SpanReplacement`).

    Raises ObjectiveError for an unknown name or impossible settings, all of them at once.
    """
    cls = _find(name)
    given: dict[str, Any] = {
        "vocab_size": vocab_size,
        "noise_density": noise_density,
        "mean_noise_span_length": mean_noise_span_length,
        "num_sentinels": num_sentinels,
        "targets_style": targets_style,
    }
    read = {setting: given[setting] for setting in objective_settings(name)}
    complaints = [
        complaint
        for setting in read
        if setting in _CHECKS and (complaint := _CHECKS[setting](read)) is not None
    ]
    if complaints:
        raise ObjectiveError(f"Objective {name!r} cannot work so: " + " ".join(complaints))
    return cls(**read)


def sentinels_needed(
    name: str,
    inputs_length: int,
    *,
    noise_density: float = 0.15,
    mean_noise_span_length: float = 3.0,
    targets_style: str = "released",
    failure: float = FAILURE,
) -> int:
    """Gives how many sentinels a vocabulary needs for an objective, before there is one.

    An example of as many raw tokens as fill `inputs_length` gets along with them with probability
    1 - `failure`. Raises ObjectiveError as `get_objective` does.
    """
    unlimited = 2**30
    objective = get_objective(
        name,
        vocab_size=2 * unlimited - 1,
        noise_density=noise_density,
        mean_noise_span_length=mean_noise_span_length,
        num_sentinels=unlimited,
        targets_style=targets_style,
    )
    return objective.sentinels_needed(objective.lengths(inputs_length)[0], failure)


def _find(name: str) -> type[Objective]:
    known = _known()
    if name not in known:
        raise ObjectiveError(f"Unknown objective {name!r}.{_nearest(name, sorted(known))}")
    return known[name]


def _known() -> dict[str, type[Objective]]:
    """The objectives of this folder and of installed packages. Raises ObjectiveError."""
    known = dict(_OBJECTIVES)
    for name, offered in installed(ENTRY_POINTS).items():
        if not (isinstance(offered, type) and issubclass(offered, Objective)):
            raise ObjectiveError(
                f"Entry point {name!r} of {ENTRY_POINTS} is {offered!r}: expected a class derived "
                "from t5study.objectives.Objective (docs/adding.md)."
            )
        if name in _OBJECTIVES and _OBJECTIVES[name] is not offered:
            raise ObjectiveError(
                f"Entry point {name!r} of {ENTRY_POINTS}: there is an objective of that name here. "
                "Give it another name."
            )
        known[name] = offered
    return known


def _nearest(given: str, known: list[str]) -> str:
    return f"{nearest(given, known)} Known: {', '.join(known)}."


def _check_density(read: dict[str, Any]) -> str | None:
    density = read["noise_density"]
    if 0 < density < 1:
        return None
    return f"noise_density={density}: a share of tokens above 0 and below 1, such as 0.15."


def _check_span_length(read: dict[str, Any]) -> str | None:
    mean = read["mean_noise_span_length"]
    if 1 <= mean < float("inf"):
        return None
    return f"mean_noise_span_length={mean}: a number of tokens, at least 1, such as 3."


def _check_sentinels(read: dict[str, Any]) -> str | None:
    sentinels, ids = read["num_sentinels"], read["vocab_size"]
    if 1 <= sentinels <= ids - FIRST_ORDINARY_ID - 1:
        return None
    return (
        f"num_sentinels={sentinels} with vocab_size={ids}: at least 1, and at most "
        f"{ids - FIRST_ORDINARY_ID - 1}, since ids 0 to {FIRST_ORDINARY_ID - 1} are reserved "
        "and an ordinary piece must be left."
    )


def _check_targets_style(read: dict[str, Any]) -> str | None:
    style = read["targets_style"]
    if style in TARGETS_STYLES:
        return None
    return f"Unknown targets_style {style!r}.{_nearest(style, list(TARGETS_STYLES))}"


_CHECKS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "noise_density": _check_density,
    "mean_noise_span_length": _check_span_length,
    "num_sentinels": _check_sentinels,
    "targets_style": _check_targets_style,
}
