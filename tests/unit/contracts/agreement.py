"""Holding an engine against a golden corpus: same verdict, same reason, or a difference that was announced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from streamflow.contracts import Catalogue
from streamflow.contracts.checks import REASON, Check, Untranslated
from streamflow.contracts.corpus import SETTINGS, CorpusRow
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines.judge import Judge

if TYPE_CHECKING:
    import pandas as pd

BEYOND = "beyond_the_contract"
"""The reason of a table that refused a row by a CHECK that no contract states."""


class Agreement:
    """One engine and one dataset: what must agree, and how often the engine may see a row differently.

    Attributes:
        permitted: How many rows were seen differently, by kind of the check that the engine names as left, or by
            trait of the row.
        faults: One sentence a row that must not be seen differently.
    """

    def __init__(
        self, dataset: Dataset, catalogue: Catalogue, left: Iterable[Untranslated], traits: Iterable[str] = ()
    ) -> None:
        """Prepare; `left` is what the engine names, `traits` those of rows that it cannot see."""
        self._judge = Judge(dataset, SETTINGS, catalogue.by_id)
        self._left = {one.check.id: one for one in left}
        self._traits = frozenset(traits)
        self.permitted: Counter[str] = Counter()
        self.faults: list[str] = []

    def hold(self, row: CorpusRow, reason: str, kept: dict[str, Any] | None = None) -> None:
        """Note what an engine said of a row; `kept` is what it made of the row, where it makes anything."""
        if reason == row.reason:
            return
        if reason == BEYOND or row.trait in self._traits:
            self.permitted[BEYOND if reason == BEYOND else row.trait] += 1
            return
        left = self._left_of(row)
        if left is None:
            self.faults.append(f"{row.label}: {reason or 'accepted'} in place of {row.reason or 'accepted'}")
        elif left.partly and kept is not None and self._judge(kept)[0] is not None:
            self.faults.append(f"{row.label}: was kept as something that breaks the contract")
        else:
            how = "" if not left.partly else ", kept as fitting" if kept is not None else ", refused for its form"
            self.permitted[f"{left.check.kind}{how}"] += 1

    def _left_of(self, row: CorpusRow) -> Untranslated | None:
        if row.check_id in self._left:
            return self._left[row.check_id]
        column = row.column if row.check_id else self._column_of_example(row)
        for one in self._left.values():
            inside = one.check.kind == "contract" and column.split(".")[0] == one.check.column
            if inside or (not row.check_id and one.check.column == column and _says(one.check, row)):
                return one
        return None

    def _column_of_example(self, row: CorpusRow) -> str:
        """A shipped example does not say which check it breaks; the judge's sentence names the column."""
        fault, _ = self._judge(row.record)
        return fault[1].split("'")[1] if fault else ""


def _says(check: Check, row: CorpusRow) -> bool:
    return REASON.get(check.kind) == row.reason


def frame_of(dataset: Dataset, rows: Sequence[CorpusRow]) -> pd.DataFrame:
    """Return rows as a frame that shows each value as it is."""
    import pandas as pd

    names = [column.name for column in dataset.columns]
    values = [[row.record.get(name) for name in names] for row in rows]
    return pd.DataFrame(values, columns=names, dtype=object)
