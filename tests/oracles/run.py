"""Run a file of reference cases through a study's adapters.

    python tests/oracles/run.py STUDY FILE

A file is a JSON list of {"area", "case", "input", "args", "expected"}. Prints each case that fails
or that no adapter covers and, last, how many pass. Leaves with 0 when all do, 1 when some do not,
2 for a mistake in what was given.
"""

from __future__ import annotations

import importlib.util
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent
RELATIVE, ABSOLUTE = 1e-5, 1e-6
"""Expected numbers are given to some six digits."""


class MistakeError(Exception):
    """What was given is no study or no file of cases."""


class NotCoveredError(Exception):
    """No adapter knows the function that a case names, or what it asks of it."""


def adapters(study: str) -> ModuleType:
    """The module adapters/<study>.py. Raises MistakeError."""
    known = sorted(path.stem for path in (HERE / "adapters").glob("*.py"))
    if study not in known:
        raise MistakeError(f"No adapters for the study {study!r}. There are: {', '.join(known)}.")
    sys.modules.setdefault("run", sys.modules[__name__])
    name = f"oracle_adapters_{study}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"adapters/{study}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def cases(file: Path) -> list[dict[str, Any]]:
    """The cases of a file. Raises MistakeError."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MistakeError(f"{file} cannot be read as JSON: {error}") from error
    needed = {"area", "case", "input", "expected"}
    if not isinstance(found, list) or not all(
        isinstance(one, dict) and needed <= one.keys() for one in found
    ):
        raise MistakeError(f"{file}: expected a list of cases with {', '.join(sorted(needed))}.")
    return [{"args": {}, **one} for one in found]


def answer(module: ModuleType, case: Mapping[str, Any]) -> Any:
    """What the study's own function gives for a case. Raises NotCoveredError."""
    for area, pattern, adapter in module.ADAPTERS:
        if area == case["area"] and re.search(pattern, case["case"], re.IGNORECASE):
            return adapter(case)
    raise NotCoveredError(f"no adapter for {case['area']}: {case['case']}")


def same(got: Any, expected: Any) -> bool:
    """Whether two plain values are equal, numbers to the digits that are given."""
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping) or {*map(str, got)} != {*map(str, expected)}:
            return False
        texts = {str(key): value for key, value in got.items()}
        return all(same(texts[str(key)], value) for key, value in expected.items())
    if isinstance(expected, str) or expected is None:
        return bool(got == expected)
    if isinstance(expected, Sequence):
        return (
            isinstance(got, Sequence)
            and not isinstance(got, str)
            and len(got) == len(expected)
            and all(same(one, other) for one, other in zip(got, expected, strict=True))
        )
    if isinstance(got, int | float) and isinstance(expected, int | float):
        return math.isclose(got, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(got == expected)


def failures(module: ModuleType, given: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each case that does not pass."""
    lines = []
    for case in given:
        name = f"{case['area']}: {case['case']}"
        try:
            got = answer(module, case)
        except NotCoveredError as reason:
            lines.append(f"NOT COVERED {name}: {reason}")
        except Exception as error:  # a case that breaks the function is one that fails
            lines.append(f"FAILED {name}: raised {type(error).__name__}: {error}")
        else:
            if not same(got, case["expected"]):
                lines.append(f"FAILED {name}:\n  got      {got!r}\n  expected {case['expected']!r}")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    study, file = arguments
    sys.path.insert(0, str(HERE.parents[1]))
    try:
        module, given = adapters(study), cases(Path(file))
    except MistakeError as mistake:
        print(mistake, file=sys.stderr)
        return 2
    lines = failures(module, given)
    for line in lines:
        print(line)
    print(f"{len(given) - len(lines)} of {len(given)} cases pass")
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
