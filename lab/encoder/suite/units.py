"""A suite's fine-tunings with all settings filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from lab.datasets.chosen import Chosen
from lab.encoder.finetuning.plan import updates
from lab.encoder.suite.settings import SuiteSchema, Unit
from lab.errors import StudyError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class UnitSettings:
    """One fine-tuning of a suite, with the common settings filled in."""

    name: str
    train: Chosen
    evaluate: tuple[Chosen, ...]
    start: str | None
    """The unit whose fine-tuned encoder this one starts from."""
    steps: int
    batch_size: int
    rate: float
    length: int
    dropout: float | None
    orders: int
    spans: str
    split: str
    """The split that is scored."""

    @property
    def data_sets(self) -> tuple[Chosen, ...]:
        """All that are read, each once."""
        scored = [one for one in self.evaluate if one.given != self.train.given]
        return (self.train, *scored)


def units_of(config: SuiteSchema) -> tuple[UnitSettings, ...]:
    """The suite's fine-tunings, those first that others start from.

    Raises StudyError with a line for each that is impossible.
    """
    suite, complaints, units = config.suite, [], []
    given = suite.units
    if suite.tasks is not None:
        given = {Chosen(task).name: Unit(train=task) for task in suite.tasks}
    for name, unit in given.items():
        try:
            units.append(_filled_in(name, unit, config))
        except StudyError as error:
            complaints += str(error).splitlines()
    if complaints:
        raise StudyError("\n".join(dict.fromkeys(complaints)))
    return tuple(sorted(units, key=lambda unit: unit.start is not None))


def chosen(name: str, config: SuiteSchema) -> Chosen:
    """The data set of this name or file, with the places that the configuration gives it."""
    of_name = Chosen(name).name
    return Chosen(name, config.tasks.get(of_name) or {}, config.data_dir)


def _filled_in(name: str, unit: Unit, config: SuiteSchema) -> UnitSettings:
    finetune = config.finetune
    train = chosen(unit.train or name, config)
    batch = _or(unit.batch_size, finetune.batch_size)
    steps = _or(unit.steps, None if unit.epochs else finetune.steps)
    if steps is None:
        epochs = _or(unit.epochs, finetune.epochs)
        if epochs is None:
            raise StudyError(
                f"suite.units.{name}: neither steps nor epochs. Give finetune.epochs=3, or "
                f"suite.units.{name}.steps=200."
            )
        rows = train.rows("train")
        if finetune.examples is not None:
            rows = min(rows, finetune.examples)
        steps = updates(rows, batch=batch, epochs=epochs, orders=unit.orders)
    return UnitSettings(
        name=name,
        train=train,
        evaluate=tuple(chosen(one, config) for one in unit.evaluate or [unit.train or name]),
        start=unit.start if finetune.start else None,
        steps=steps,
        batch_size=batch,
        rate=_or(unit.rate, finetune.rate),
        length=_or(unit.length, finetune.length),
        dropout=_or(unit.dropout, finetune.dropout),
        orders=unit.orders,
        spans=_or(unit.spans, finetune.spans),
        split=_or(unit.split, config.evaluate.split),
    )


def _or(of_unit: T | None, common: T) -> T:
    return common if of_unit is None else of_unit
