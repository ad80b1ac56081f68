"""The study's configuration, typed: what conf/gector/ may say, and the bounds of each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from omegaconf import MISSING

from lab.encoder.suite.settings import AMOUNT, FEW, INITIALIZER, WIDTH
from lab.schema import Named, by_name
from lab.text_to_text.config import SIZES
from studies.gector.families import KINDS

BY_NAME = ("mixture", "stages.settings", "roles.sizes", "speed.sentences")

COUNT = {"least": 0, "most": 10**12}
SOME = {"least": 0, "most": 1000}
LENGTH = {"least": 4, "most": 2**20}
LIST = {"least": 2, "most": 10**6}
"""Tags, KEEP and DELETE among them."""
SEED = {"least": 0, "most": 2**63 - 1}
POSITIVE = {"more_than": 0, "most": 10**6}
SHARE = {"least": 0, "most": 1}
DROPOUT = {"least": 0, "less_than": 1}
CONFIDENCE = {"least": -1, "most": 2}
STAGES = ("one", "two", "three")
"""Of training, in their order (section 3)."""
SYSTEMS = ("tagger", "rewriter")


@dataclass
class Roles:
    """What a preset has for what the paper's tables name."""

    sizes: dict[str, int] = field(default_factory=partial(by_name, int))
    """Tags in the list, by the size in Table 2: s100, s1000, s5000, s10000."""


@dataclass
class Size:
    name: str = MISSING
    tags: int = field(default=MISSING, metadata=LIST)


@dataclass
class Tags:
    name: str = field(default=MISSING, metadata={"choices": KINDS})
    size: int = field(default=MISSING, metadata=LIST)
    """KEEP and DELETE among them; an unknown and a padding class come on top."""
    counted: list[str] = field(default_factory=lambda: ["two"], metadata={"choices": STAGES})
    """The stages whose pairs the list is counted on."""
    share: float = field(default=1.0, metadata={"more_than": 0, "most": 1})
    """Of these pairs, drawn by the seed: less than all give a coverage its ruler."""
    seed: int = field(default=0, metadata=SEED)


@dataclass
class Variant:
    """What tells the encoders of Table 6 apart, at one shape."""

    kind: str = "transformer"
    """transformer; causal: sees what stands before; lstm."""
    objective: str | None = None
    """Of its pre-training here: masked, replaced, next_piece; null: none."""
    sharing: str = field(default="none", metadata={"choices": ("none", "all", "attention", "ffn")})


@dataclass
class Encoder(Variant):
    """The encoder, and where its weights come from."""

    name: str = MISSING
    folder: str | None = None
    """Of `given`: weights as Hugging Face's BERT, ELECTRA and ALBERT lie in a folder."""
    layers: int = field(default=MISSING, metadata=FEW)
    width: int = field(default=MISSING, metadata=WIDTH)
    heads: int = field(default=MISSING, metadata=WIDTH)
    feed_forward: int = field(default=MISSING, metadata=WIDTH)
    embedding: int = field(default=MISSING, metadata=WIDTH)
    positions: int = field(default=512, metadata=LENGTH)
    dropout: float = field(default=0.1, metadata=DROPOUT)
    initializer_range: float | None = field(default=0.02, metadata=INITIALIZER)
    """See EncoderConfig; null: by the width, for small ones."""


@dataclass
class Pretrain:
    """Of an encoder that is pre-trained here: one for all seeds, as a published one is."""

    corpus: str = MISSING
    length: int = field(default=64, metadata=LENGTH)
    """Pieces of a row."""
    batch_size: int = field(default=MISSING, metadata=AMOUNT)
    steps: int = field(default=MISSING, metadata=AMOUNT)
    rate: float = field(default=MISSING, metadata=POSITIVE)
    warmup: int = field(default=MISSING, metadata=COUNT)
    weight_decay: float = field(default=0.01, metadata={"least": 0, "most": 1})
    clip: float | None = field(default=1.0, metadata=POSITIVE)
    masking_rate: float = field(default=0.15, metadata={"more_than": 0, "less_than": 1})
    generator: float = field(default=0.5, metadata={"more_than": 0, "most": 1})
    """Of replaced-token detection: the generator's width, as a share of the encoder's."""
    seed: int = field(default=0, metadata=SEED)


@dataclass
class VocabularySettings:
    corpus: str = MISSING
    pieces: int = field(default=MISSING, metadata=AMOUNT)
    lines: int = field(default=10_000_000, metadata=AMOUNT)
    byte_fallback: bool = True
    file: str | None = None
    """An existing vocab.txt (WordPiece) or .model (SentencePiece) instead of a trained one."""
    lowercase: bool = False
    """Of a vocab.txt; the paper's encoders are cased."""


@dataclass
class Reading:
    """What of a sentence is read."""

    tokens: int = field(default=50, metadata=LENGTH)
    """$START among them."""
    per_word: int = field(default=5, metadata=FEW)
    """Pieces of a word."""
    longest: int = field(default=256, metadata=LENGTH)
    """Pieces of a sentence, the special ones among them."""


@dataclass
class StageSettings:
    """One stage of training (section 6)."""

    pairs: str = field(default=MISSING, metadata={"choices": ("real", "synthetic", "own")})
    files: list[str] = field(default_factory=list)
    """Of own pairs: a file of sentences and one of their corrections, or one M2 file."""
    most: int | None = field(default=None, metadata=COUNT)
    """Pairs with mistakes; null: all there are."""
    right: int | None = field(default=0, metadata=COUNT)
    """Right sentences among real or own pairs."""
    single: bool = False
    """Real pairs alone whose rule prints one correction."""
    correct: float = field(default=0.0, metadata=SHARE)
    """Share of the sentences without a mistake that is read (released: tn_prob)."""
    batch_size: int = field(default=MISSING, metadata=AMOUNT)
    epochs: int = field(default=MISSING, metadata=FEW)
    updates: int | None = field(default=None, metadata=AMOUNT)
    """Of an epoch; null: a pass over the sentences."""
    rate: float = field(default=MISSING, metadata=POSITIVE)
    cold: int = field(default=0, metadata=SOME)
    """Epochs in which the encoder stands still."""
    cold_rate: float = field(default=1e-3, metadata=POSITIVE)
    patience: int | None = field(default=3, metadata=FEW)
    """Epochs without anything better that end a stage; null: none do."""


@dataclass
class StagesSettings:
    name: str = MISSING
    run: list[str] = field(default_factory=list, metadata={"choices": STAGES})
    """Those that are run, in order."""
    settings: dict[str, StageSettings] = field(default_factory=partial(by_name, StageSettings))


@dataclass
class Noise:
    seed: int = field(default=0, metadata=SEED)
    added: bool = True
    """Whether case, hyphens and final stops are among the mistakes."""


@dataclass
class Train:
    seed: int = field(default=0, metadata=SEED)
    smoothing: float = field(default=0.0, metadata=DROPOUT)
    error_head: bool = True
    dropout: float | None = field(default=None, metadata=DROPOUT)
    """null: that of the encoder."""


@dataclass
class Inference:
    name: str = field(default=MISSING, metadata={"choices": ("plain", "tweaked", "given")})
    """plain: no tweaks; tweaked: found on validation; given: those below."""
    iterations: int = field(default=5, metadata=FEW)
    min_len: int = field(default=3, metadata=SOME)
    confidence: float = field(default=0.0, metadata=CONFIDENCE)
    """Added to the probability of KEEP."""
    minimum: float = field(default=0.0, metadata=SHARE)
    """A sentence's least probability of an error."""
    each_tag: bool = True
    """Whether each tag needs that probability too, as released."""
    trials: int = field(default=MISSING, metadata=AMOUNT)
    """Of the random search."""
    most_confidence: float = field(default=0.9, metadata=CONFIDENCE)
    most_minimum: float = field(default=0.9, metadata=SHARE)
    batch_size: int = field(default=128, metadata=AMOUNT)


@dataclass
class Ensemble:
    name: str = MISSING
    members: int = field(default=1, metadata=FEW)
    """Trainings that differ in their seed, the mean of whose probabilities corrects."""
    others: list[Variant] = field(default_factory=list)
    """Members beside these, one each, with other encoders of the same shape."""


@dataclass
class System:
    """What corrects."""

    name: str = field(default=MISSING, metadata={"choices": SYSTEMS})
    """tagger; rewriter: a text-to-text model, trained on the same pairs (Table 8)."""


@dataclass
class Rewriter:
    """The text-to-text model, and how it writes."""

    size: str = field(default=MISSING, metadata={"choices": tuple(SIZES)})
    hold: int = field(default=1000, metadata=AMOUNT)
    """Updates of each stage before the rate, 1 / sqrt of their number, falls."""
    longest: int = field(default=64, metadata=LENGTH)
    """Pieces of an input or output."""
    beam: int = field(default=1, metadata={"least": 1, "most": 64})
    """1: greedy."""
    alpha: float = field(default=0.6, metadata={"least": 0, "most": 10})
    """Of the length penalty."""


@dataclass
class Speed:
    """How sentences a second are measured (Table 8)."""

    measured: bool = False
    sentences: dict[str, int] = field(default_factory=partial(by_name, int))
    """How many sentences are corrected, by how many are in a batch: at_128, at_1."""
    repeats: int = field(default=3, metadata=FEW)
    """The fastest of so many counts."""


@dataclass
class Evaluate:
    sets: list[str] = field(
        default_factory=lambda: ["seen", "unseen", "synthetic"],
        metadata={"choices": ("seen", "unseen", "synthetic", "validation")},
    )
    examples: int | None = field(default=None, metadata=AMOUNT)
    synthetic: int = field(default=1500, metadata=AMOUNT)
    """Pairs of the synthetic test."""
    scorer: str = field(default="token_edits", metadata={"choices": ("token_edits", "errant")})
    coverage: bool = False
    """Columns of Table 2 alone, for which nothing trains."""


@dataclass
class Schema:
    """Every key of the study beside those of the run."""

    preset: Named = field(default_factory=Named)
    roles: Roles = field(default_factory=Roles)
    size: Size = field(default_factory=Size)
    tags: Tags = field(default_factory=Tags)
    encoder: Encoder = field(default_factory=Encoder)
    pretrain: Pretrain = field(default_factory=Pretrain)
    stages: StagesSettings = field(default_factory=StagesSettings)
    inference: Inference = field(default_factory=Inference)
    ensemble: Ensemble = field(default_factory=Ensemble)
    mixture: dict[str, int] = field(default_factory=partial(by_name, int))
    """Of synthetic sentences, parts by corpus."""
    noise: Noise = field(default_factory=Noise)
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    reading: Reading = field(default_factory=Reading)
    train: Train = field(default_factory=Train)
    precision: str = field(
        default="32-true", metadata={"choices": ("32-true", "bf16-mixed", "64-true")}
    )
    system: System = field(default_factory=System)
    rewriter: Rewriter = field(default_factory=Rewriter)
    evaluate: Evaluate = field(default_factory=Evaluate)
    speed: Speed = field(default_factory=Speed)
