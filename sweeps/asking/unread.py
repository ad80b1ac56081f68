"""Settings that were typed and that nothing reads, as the study says of its cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hydra.core.override_parser.types import Override

from sweeps.asking.repeated import keys_set
from sweeps.asking.rows import Sweep
from sweeps.asking.sweepfile import FileRow
from sweeps.study import Cell


def unread_settings(
    sweep: Sweep,
    rows: Sequence[FileRow],
    cells: Mapping[str, Cell],
    parse: Callable[[str], Override],
) -> list[str]:
    """Complaints about a row's override that its cell does not read, and about one of all rows.

    `cells` has those of the rows that could be made, by label. What one row of several does not
    read of the common overrides may be another's.
    """
    found = []
    for text in sweep.common:
        whys = [_why(parse(text), cell) for cell in cells.values()]
        if whys and all(whys):
            found.append(f"{text}: {whys[0]}")
    for row in rows:
        where = f"{sweep.file.where(row)}: " if sweep.file else ""
        for text in row.overrides if row.label in cells else ():
            if why := _why(parse(text), cells[row.label]):
                found.append(f"{where}{text}: {why}")
    return list(dict.fromkeys(found))


def _why(override: Override, cell: Cell) -> str | None:
    """Why nothing reads what the override sets; None where something does."""
    found = [
        next((why for name, why in cell.unread.items() if f"{key}.".startswith(f"{name}.")), None)
        for key in keys_set(override)
    ]
    return found[0] if found and all(found) else None
