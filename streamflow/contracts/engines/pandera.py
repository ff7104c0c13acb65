"""What a contract means for a data frame: a Pandera schema, and which row breaks which check.

The schema is a `DataFrameSchema` with `coerce=False`: nothing is made to fit. A column may be typed (`int64`,
`datetime64[us, UTC]`) or hold the values of records as they are (`object`), where each value shows its own type; every
other check looks only at values of the right type, so that one fault has one reason. Texts are tested once a
distinct value, because Python's regular expressions cost more than finding the distinct ones.

Pandas and Pandera are imported where they are used: they take two seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from streamflow.contracts.checks import REASON, Check, Untranslated
from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.engines.judge import whole
from streamflow.contracts.engines.physical import UNSTORABLE, Physical, fits, int_bounds, physical
from streamflow.contracts.timestamps import parse_date, parse_us

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

    Series = pd.Series[Any]

_CLASSES: Final[dict[str, frozenset[type]]] = {
    "string": frozenset({str, bytes, UUID}),
    "integer": frozenset({int}),
    "number": frozenset({int, float, Decimal}),
    "boolean": frozenset({bool}),
    "timestamp": frozenset({str, datetime}),
    "date": frozenset({str, date}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
}


@dataclass(frozen=True, slots=True)
class Named:
    """What the failure of one of the schema's checks means.

    Attributes:
        order: Place in the order in which a record is judged.
        check_id: The contract's check.
        reason: The reason of a rejection; `duplicate` for `unique`, which is no property of one row.
        column: Path of the column; empty for the whole row.
    """

    order: int
    check_id: str
    reason: str
    column: str


@dataclass(frozen=True)
class Frames:
    """A contract for data frames.

    Attributes:
        dataset: Its id.
        schema: To be used with `validate(frame, lazy=True)`.
        named: By name of a check of the schema, what its failure means.
        untranslated: Checks that a frame cannot express.
    """

    dataset: str
    schema: pa.DataFrameSchema
    named: Mapping[str, Named]
    untranslated: tuple[Untranslated, ...]


def obstacle(check: Check, settings: Mapping[str, str]) -> str:
    """Say why a frame cannot express a check; empty when it can."""
    if "[]" in check.column or "." in check.column:
        return "it lies inside JSON; records are judged before they are put into frames"
    if check.kind == "contract":
        return "the contract of an object depends on another field; records are judged before they are put into frames"
    if check.kind == "equals_setting" and check.args["setting"] not in settings:
        return "the value is a setting of the deployment, which was not given"
    return ""


def untranslated(dataset: Dataset, settings: Mapping[str, str] | None = None) -> tuple[Untranslated, ...]:
    """Return the checks that a frame cannot express, without importing anything heavy."""
    reasons = ((check, obstacle(check, settings or {})) for check in dataset.checks)
    return tuple(Untranslated(check, reason) for check, reason in reasons if reason)


def translate(dataset: Dataset, settings: Mapping[str, str] | None = None) -> Frames:
    """Translate a contract.

    Args:
        dataset: Any dataset: the frame has a row a record, or a row of the table.
        settings: Values that `equals_setting` checks compare with.

    Returns:
        The schema; a table's has exactly its columns, a topic's may have more, since unknown fields are kept.
    """
    import pandera.pandas as pa

    left = untranslated(dataset, settings)
    without = {one.check.id for one in left}
    building = _Building(settings or {})
    columns = {
        column.name: building.column(column, [check for check in column.checks if check.id not in without])
        for column in dataset.columns
    }
    wide = [building.wide(check) for check in dataset.checks if check.kind in ("required_when", "unique")]
    is_table = dataset.layer in ("bronze", "silver", "gold")
    schema = pa.DataFrameSchema(columns, checks=wide, name=dataset.id, strict=is_table, coerce=False)
    order = {check.id: place for place, check in enumerate(dataset.checks)}
    named = {name: Named(order[one.id], one.id, reason, one.column) for name, (one, reason) in building.named.items()}
    return Frames(dataset.id, schema, named, left)


def faults(frames: Frames, frame: pd.DataFrame) -> dict[Any, tuple[Named, ...]]:
    """Validate a frame and say which row breaks which checks.

    Args:
        frames: The contract.
        frame: One row a record, with every column of the contract; its index has no label twice.

    Returns:
        By label of the row, the checks that it breaks, in the order of judgement; rows without fault are absent.

    Raises:
        ValueError: The index has a label twice.
        pandera.errors.SchemaError: The frame lacks a column, or has one that the table does not.
    """
    import pandera.errors

    if not frame.index.is_unique:
        raise ValueError("rows cannot be named: the index has a label twice")
    try:
        frames.schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as found:
        broken: dict[Any, list[Named]] = {}
        for error in found.schema_errors:
            name, labels = _labels(error, frame)
            for label in labels:
                broken.setdefault(label, []).append(frames.named[name])
        return {label: tuple(sorted(named, key=lambda one: one.order)) for label, named in broken.items()}
    return {}


def _labels(error: Any, frame: pd.DataFrame) -> tuple[str, Iterable[Any]]:
    """Return the name of the check that failed and the labels of the rows that broke it."""
    if error.check == "not_nullable":
        name = error.schema.name
        return f"{name}:required", frame.index[frame[name].isna()]
    if error.check_output is None:
        raise error
    return error.check.name, error.check_output.index[~error.check_output.astype(bool)]


class _Building:
    """Makes checks of the schema and remembers what their names mean."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self.named: dict[str, tuple[Check, str]] = {}

    def column(self, column: Column, checks: list[Check]) -> pa.Column:
        import pandera.pandas as pa

        by_kind: dict[str, Check] = {check.kind: check for check in checks}
        if "required" in by_kind:
            self.named[f"{column.name}:required"] = (by_kind["required"], REASON["required"])
        tests: list[pa.Check] = []
        typed = _typed(column.logical_type)
        for check in checks:
            if check.kind == "type":
                tests.append(self._check(check, REASON["type"], typed))
                for place, (reason, test) in enumerate(fits(check.args)):
                    fit = _guarded(typed, _fit(physical(check.args), place, test))
                    tests.append(self._check(check, reason, fit, f"{check.id}:{reason}"))
            elif check.kind in _TESTS:
                tests.append(self._check(check, REASON[check.kind], _guarded(typed, _TESTS[check.kind](check.args))))
            elif check.kind == "equals_setting":
                same = _equals(self._settings[check.args["setting"]])
                tests.append(self._check(check, REASON[check.kind], _guarded(typed, same)))
        return pa.Column(
            None, checks=tests, nullable="required" not in by_kind, coerce=False, description=column.description
        )

    def wide(self, check: Check) -> pa.Check:
        """Return a check of more than one column."""
        args = check.args
        if check.kind == "unique":
            names = list(args["columns"])
            return self._check(check, "duplicate", lambda frame: _unique(frame[names]))
        field, equals = args["field"], args["equals"]
        return self._check(
            check,
            REASON[check.kind],
            lambda frame: ~((frame[field] == equals).fillna(value=False).astype(bool) & frame[check.column].isna()),
        )

    def _check(self, check: Check, reason: str, test: Callable[[Any], Any], name: str = "") -> pa.Check:
        import pandera.pandas as pa

        name = name or check.id
        self.named[name] = (check, reason)
        return pa.Check(test, name=name, error=name, n_failure_cases=1)


def _typed(logical: str) -> Callable[[Series], Series]:
    """Return a test that says of each value whether it has a logical type; a typed column answers as a whole."""
    classes = _CLASSES[logical]

    def test(series: Series) -> Series:
        import pandas as pd

        if series.dtype == object:
            wanted = {*classes, pd.Timestamp} if logical == "timestamp" else classes
            if set(map(type, series.to_numpy())) <= wanted:
                return pd.Series(data=True, index=series.index)
            return series.map(type).isin(wanted)
        kinds: dict[str, Callable[[Any], bool]] = {
            "string": pd.api.types.is_string_dtype,
            "integer": pd.api.types.is_integer_dtype,
            "number": pd.api.types.is_any_real_numeric_dtype,
            "boolean": pd.api.types.is_bool_dtype,
            # Without a zone it is no moment.
            "timestamp": lambda dtype: isinstance(dtype, pd.DatetimeTZDtype) or dtype == "string",
        }
        return pd.Series(kinds.get(logical, lambda _: False)(series.dtype), index=series.index)

    return test


def _guarded(typed: Callable[[Series], Series], test: Callable[[Series], Series]) -> Callable[[Series], Series]:
    """Ask a test only of the values that have the column's type; the type check speaks of the others."""

    def guarded(series: Series) -> Series:
        import pandas as pd

        fitting = typed(series)
        if fitting.all():
            return test(series) if len(series) else fitting
        result = pd.Series(data=True, index=series.index)
        if fitting.any():
            result[fitting] = test(series[fitting]).to_numpy(dtype=bool)
        return result

    return guarded


def _equals(wanted: str) -> Callable[[Series], Series]:
    return lambda series: series == wanted


def _unique(frame: pd.DataFrame) -> Series:
    try:
        return ~frame.duplicated(keep=False)
    except TypeError:  # A list or an object where the type check wants text has no hash.
        return ~frame.map(repr).duplicated(keep=False)


def _distinct(test: Callable[[Any], bool]) -> Callable[[Series], Series]:
    """Ask a test of texts once a distinct value; other values one by one."""

    def each(series: Series) -> Series:
        import numpy as np
        import pandas as pd

        values = series.to_numpy().tolist()
        if set(map(type, values)) <= {str}:
            # Not pandas.factorize: for it a text ends at its first NUL.
            known = {value: test(value) for value in set(values)}
            kept = map(known.__getitem__, values)
        else:
            kept = map(test, values)
        return pd.Series(np.fromiter(kept, dtype=bool, count=len(values)), index=series.index)

    return each


def _fit(limits: Physical, place: int, test: Callable[[Any], str]) -> Callable[[Series], Series]:
    """Return a test of what a physical type can hold; a column of machine numbers is tested as a whole.

    Args:
        limits: The physical type.
        place: Which of its tests; a numeric has one for the digits before the point and one for those after it.
        test: The same for one value: what is wrong with it, or an empty string.
    """
    each = _distinct(lambda value: not isinstance(value, str | int | float | Decimal | list | dict) or not test(value))

    def fit(series: Series) -> Series:
        import pandas as pd

        if series.dtype == object or not pd.api.types.is_numeric_dtype(series.dtype):
            values: list[Any] = series.to_numpy().tolist() if limits.is_text else [None]
            # All texts in one search: hardly ever is there one to be found.
            if set(map(type, values)) <= {str} and UNSTORABLE.search("".join(values)) is None:
                return series.notna()
            return each(series)
        if limits.bits is not None:
            return _between(series, *int_bounds(limits.bits))
        if limits.digits is None:
            return series.notna()
        before, after = limits.digits
        return series.abs() < 10**before if place == 0 else series.round(after) == series

    return fit


def _range(args: Mapping[str, Any]) -> Callable[[Series], Series]:
    low, high = args["minimum"], args["maximum"]

    def test(series: Series) -> Series:
        import pandas as pd

        if series.dtype != object:
            return _between(series, low, high)
        # A decimal is compared with the bound as the contract writes it, not with the float nearest to that.
        decimal = series.map(type) == Decimal
        result = _between(series, low, high)
        if decimal.any():
            exact = [None if bound is None else Decimal(str(bound)) for bound in (low, high)]
            result[decimal] = _between(series[decimal], *exact).to_numpy(dtype=bool)
        return pd.Series(result, index=series.index)

    return test


def _between(series: Series, low: Any, high: Any) -> Series:
    above = series.notna() if low is None else series >= low
    return above if high is None else above & (series <= high)


def _length(args: Mapping[str, Any]) -> Callable[[Series], Series]:
    low, high = args["minimum"] or 0, args["maximum"]

    def test(series: Series) -> Series:
        import numpy as np
        import pandas as pd

        values = series.to_numpy().tolist()
        if UUID in set(map(type, values)):
            values = list(map(str, values))
        lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(series))
        return pd.Series((lengths >= low) & (True if high is None else lengths <= high), index=series.index)

    return test


def _pattern(args: Mapping[str, Any]) -> Callable[[Series], Series]:
    matches = whole(args["pattern"]).fullmatch
    return _distinct(lambda value: matches(value) is not None)


def _format(args: Mapping[str, Any]) -> Callable[[Series], Series]:
    parse = parse_date if args["logical"] == "date" else parse_us
    one_by_one = _distinct(lambda value: not isinstance(value, str) or parse(value) is not None)

    def test(series: Series) -> Series:
        return one_by_one(series) if series.dtype in (object, "string") else series.notna()

    return test


_TESTS: Final[dict[str, Callable[[Mapping[str, Any]], Callable[[Series], Series]]]] = {
    "format": _format,
    "enum": lambda args: lambda series: series.isin(args["values"]),
    "length": _length,
    "pattern": _pattern,
    "range": _range,
    "items": _length,
}
