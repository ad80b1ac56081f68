"""Which parameters fine-tuning updates (section 3.5.1); no torch until a model is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from lab.errors import StudyError, unknown

if TYPE_CHECKING:
    from lab.text_to_text.transformer import EncoderDecoder, LanguageModel


class Method(Protocol):
    """A way to fine-tune: what it adds to a model, and what trains at each step."""

    settings: ClassVar[tuple[str, ...]] = ()
    """What it reads of the configuration's group `finetuning`."""
    unshareable: ClassVar[Mapping[str, str]] = {}
    """By which values of `parallel` several processes cannot share it, and what to say then."""

    def prepare(self, model: EncoderDecoder | LanguageModel) -> None:
        """Add parameters and mark all that will ever train."""

    def at(self, model: EncoderDecoder | LanguageModel, step: int) -> None:
        """Mark what trains in the step that comes next, counted from 0."""


class AllParameters(Method):
    """All parameters are updated at every step: the baseline."""

    def __init__(self, steps: int) -> None:
        """Nothing depends on the number of steps."""

    def prepare(self, model: EncoderDecoder | LanguageModel) -> None:
        model.requires_grad_(True)

    def at(self, model: EncoderDecoder | LanguageModel, step: int) -> None:
        """What trains never changes."""


class Adapters(Method):
    """Only adapter layers of inner width `adapter_dim` and layer norms are updated.

    `norms` is "all" (the paper), or "own": those of the adapters alone (the released code).
    """

    settings: ClassVar[tuple[str, ...]] = ("adapter_dim", "norms")

    def __init__(self, steps: int, *, adapter_dim: int, norms: str = "all") -> None:
        self._dim, self._norms = adapter_dim, norms

    def prepare(self, model: EncoderDecoder | LanguageModel) -> None:
        from t5study.model.adapters import add_adapters, is_adapter, is_norm

        add_adapters(model, self._dim)
        for name, parameter in model.named_parameters():
            trains = is_adapter(name) or (self._norms == "all" and is_norm(name))
            parameter.requires_grad_(trains)

    def at(self, model: EncoderDecoder | LanguageModel, step: int) -> None:
        """What trains never changes."""


class GradualUnfreezing(Method):
    """Blocks join from the top of both stacks down, one each episode; embeddings always train.

    With L blocks there are L episodes of steps / L; episode n starts at floor(n * steps / L) and
    trains the top n + 1 blocks.
    """

    unshareable: ClassVar[Mapping[str, str]] = {
        "fsdp": "finetuning=gradual_unfreezing: what trains changes, which parallel=fsdp cannot "
        "follow. Give parallel=ddp."
    }

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def prepare(self, model: EncoderDecoder | LanguageModel) -> None:
        model.requires_grad_(True)

    def at(self, model: EncoderDecoder | LanguageModel, step: int) -> None:
        blocks = model.blocks()
        depth = len(blocks)
        starts = [n * self._steps // depth for n in range(depth)]
        episode = sum(start <= step for start in starts) - 1
        if step in (0, starts[episode]) or not hasattr(self, "_marked"):
            self._marked = True
            for level, pair in enumerate(blocks):
                for block in pair:
                    block.requires_grad_(level >= depth - 1 - episode)


METHODS: Mapping[str, type[Any]] = {
    "all": AllParameters,
    "adapters": Adapters,
    "gradual_unfreezing": GradualUnfreezing,
}


def method_named(name: str) -> type[Method]:
    """The class of this method. Raises StudyError."""
    if name not in METHODS:
        raise StudyError(unknown("finetuning", name, METHODS))
    return METHODS[name]


def get_method(name: str, steps: int, **settings: Any) -> Method:
    """The method of this name for a run of `steps` steps. Raises StudyError."""
    make: Callable[..., Method] = method_named(name)
    return make(steps, **settings)
