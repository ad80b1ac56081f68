"""What is impossible about a configuration beyond the bounds of single values.

The complaints use the words of the command line; each is one line.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.encoder.suite.impossible import of_given, of_lengths, of_suite, of_text
from lab.errors import StudyError, unknown
from studies.electra import pairings
from studies.electra.config import Schema
from studies.electra.objectives import objective_names
from studies.electra.resolved import NONE, Resolved


def complaints(config: Schema) -> list[str]:
    """What is impossible about the configuration, all together."""
    resolved = Resolved(config)
    try:
        given = resolved.given
    except StudyError as error:
        return [*str(error).splitlines(), *of_text(config, "electra"), *of_suite(config)]
    if given is not None:
        return [*of_given(given, config), *of_text(config, "electra"), *of_suite(config)]
    values = [*_objective(config), *_lengths(config), *of_text(config, "electra")]
    return [*values, *_shapes(resolved), *_updates(resolved), *of_suite(config)]


def _objective(config: Schema) -> Iterator[str]:
    """An objective that is not there, or whose generator does not fit it."""
    name = config.objective.name
    if name == NONE:
        return
    if name not in objective_names():
        yield f"objective.name={name}: {unknown('objective', name, [*objective_names(), NONE])}"
        return
    objective = Resolved(config).objective
    if objective.masked + objective.random > 1:
        yield (
            f"objective.masked={objective.masked:g} and objective.random={objective.random:g} are "
            "more than all drawn positions together: their sum is at most 1."
        )
    yield from pairings.complaints(config)


def _lengths(config: Schema) -> Iterator[str]:
    yield from of_lengths(config, config.model.positions)
    for fraction in config.length.checkpoint_of:
        if not 0 < fraction < 1:
            yield (
                f"length.checkpoint_of: {fraction:g} is no checkpoint of a run: accepted are "
                "fractions between 0 and 1."
            )
    kept, fraction = config.length.checkpoint_of, config.length.fraction
    if kept and fraction != 1 and fraction not in kept:
        yield (
            f"length.fraction={fraction:g}: the run keeps {', '.join(f'{x:g}' for x in kept)}. "
            "Add it to length.checkpoint_of."
        )


def _shapes(resolved: Resolved) -> Iterator[str]:
    """Shapes that are impossible, each said where it is typed."""
    try:
        shape = resolved.encoder
    except StudyError as error:
        yield from str(error).splitlines()
        return
    for line in shape.complaints():
        yield f"size={resolved.config.size.name}: {line}"
    if shape.complaints() or resolved.config.objective.name not in objective_names():
        return
    if resolved.generator and resolved.generator != shape:
        for line in resolved.generator.complaints():
            yield f"generator={resolved.config.generator.name}: {line}"


def _updates(resolved: Resolved) -> Iterator[str]:
    algorithm, steps = resolved.config.algorithm, resolved.config.pretrain.steps
    if algorithm.name == "two_stage" and round(steps * resolved.config.length.fraction) < 2:
        yield "algorithm=two_stage: 1 update has no two stages. Raise pretrain.steps."
