"""The first way through the validator: the shape of a record's text, and a decoder that knows the contract's types.

Nearly every record has no blank between its tokens, no escape, and strings of the letters that identifiers are made of.
Taking these letters out of the text leaves its shape: braces, quotes and commas. One pass shows that every string keeps
to the letters, and how many members there are. The decoder does the rest in C: types, bounds, lengths, values; and if
as many fields come out of it as members went in, then no key was unknown or stood twice.

Like the second way (fast.py) it says yes or "ask the next" and never names a reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from math import ceil, floor
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

import msgspec

from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.engines.fast import CLASS_PLUS, SCALARS, exact_value, limits
from streamflow.contracts.engines.json_strict import PROOF_BYTES
from streamflow.contracts.engines.judge import whole
from streamflow.contracts.engines.verdict import Verdict
from streamflow.contracts.timestamps import parse_us

TypedCheck = Callable[[bytes, "bytes | None", int], "Verdict | None"]

_SHAPE: Final = re.compile(rb'\{""(?:"")?(?:,""(?:"")?)*\}')
_PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F)))
_STRUCTURE: Final = frozenset('"\\{},')
_MOST_SHAPES: Final = 1_024
"""Shapes remembered of a topic. Senders have a dozen; who has more does it on purpose."""


def compile_typed(dataset: Dataset, settings: Mapping[str, str]) -> TypedCheck | None:
    """Compile a topic's contract.

    Args:
        dataset: The contract of a topic.
        settings: Values of the settings that checks compare with.

    Returns:
        A function of (value, Kafka key, Kafka timestamp in ms) that returns the verdict `accepted`, or None when only
        the next way can tell; None in place of a function when the contract is not flat, its key is a template, or its
        identifiers have too few letters for numbers, times and names of fields.
    """
    topic = dataset.topic
    if topic is None or topic.key_field is None or topic.event_time_field is None:
        return None
    letters = _letters(dataset.columns)
    if letters is None or not all(map(_is_plain, dataset.columns)):
        return None
    source = _Source(dataset, settings, letters)
    source.write(topic.key_field, topic.event_time_field)
    return source.compile()


def _is_plain(column: Column) -> bool:
    """Say whether a column is a scalar that has either listed values or other checks."""
    has_more = {check.kind for check in column.checks} & {"pattern", "length", "range"}
    return column.logical_type in SCALARS and not (column.enum and has_more)


def _class_of(column: Column) -> frozenset[str] | None:
    """Return the printable letters of a column whose pattern is one class of them, else None."""
    simple = CLASS_PLUS.fullmatch(column.options.pattern or "")
    return frozenset(re.findall(simple[1], _PRINTABLE, re.ASCII)) if simple else None


def _letters(columns: tuple[Column, ...]) -> frozenset[str] | None:
    """Return the letters to take out: the class that most columns have, but for what JSON is built of."""
    classes = Counter(found for column in columns if (found := _class_of(column)) is not None)
    if not classes:
        return None
    letters = classes.most_common(1)[0][0] - _STRUCTURE
    needed = "0123456789TZ:.-" + "".join(column.name for column in columns)
    return letters if letters.issuperset(needed) else None


class _Shapes:
    """How many members an object has, by its shape.

    Attributes:
        known: Members by shape.
    """

    def __init__(self) -> None:
        self.known: dict[bytes, int] = {}

    def learn(self, shape: bytes) -> int:
        """Return how many members an unknown shape has; 0 when it is that of no flat object without blanks.

        A comma, a brace or a blank inside of a string leaves another shape, since every one that is taken here has an
        even number of quotes on both sides of a comma; an escape leaves its backslash.
        """
        if _SHAPE.fullmatch(shape) is None:
            return 0
        members = shape.count(b",") + 1
        if len(self.known) < _MOST_SHAPES:
            self.known[shape] = members
        return members


class _Source:
    """The source text of one topic's two functions, and the objects that it refers to."""

    def __init__(self, dataset: Dataset, settings: Mapping[str, str], letters: frozenset[str]) -> None:
        self._dataset = dataset
        self._letters = letters
        self._exact = {c.name: exact_value(c, dataset.version, settings) for c in dataset.columns}
        types = {c.name: _type(c, self._exact[c.name]) for c in dataset.columns}
        members = {c.name: types[c.name] if c.required else NotRequired[types[c.name]] for c in dataset.columns}
        some: Any = TypedDict("some", members)  # type: ignore[misc]  # known when the contract is read
        shapes = _Shapes()
        self._names: dict[str, Any] = {
            "DecodeError": msgspec.DecodeError,
            "Verdict": Verdict,
            "decode_full": msgspec.json.Decoder(msgspec.defstruct("full", list(types.items()), gc=False)).decode,
            "decode_some": msgspec.json.Decoder(some).decode,
            "letters": "".join(sorted(letters)).encode(),
            "learn": shapes.learn,
            "parse_us": parse_us,
            "shapes": shapes.known,
        }
        self._lines: list[str] = []

    def write(self, key_field: str, event_time_field: str) -> None:
        """Write both functions: `full` for records with every field, to which all come first, `some` for the others."""
        longest = PROOF_BYTES
        topic = self._dataset.topic
        if topic is not None:
            longest = min(longest, topic.max_record_bytes or topic.max_message_bytes)
        self._lines += [
            "def full(body, key, now_ms):",
            f"    if len(body) > {longest}: return None",
            "    shape = body.translate(None, letters)",
            "    members = shapes.get(shape) or learn(shape)",
            f"    if members != {len(self._dataset.columns)}:",
            "        return some(body, members, key, now_ms) if members else None",
            "    try: record = decode_full(body)",
            "    except DecodeError: return None",
        ]
        self._rest("record.{}", key_field, event_time_field)
        self._lines += [
            "def some(body, members, key, now_ms):",
            "    try: record = decode_some(body)",
            "    except DecodeError: return None",
            "    if len(record) != members: return None",
            "    get = record.get",
        ]
        self._rest("get('{}')", key_field, event_time_field)

    def compile(self) -> TypedCheck:
        """Compile what was written."""
        exec(compile("\n".join(self._lines), f"<typed from {self._dataset.id}>", "exec"), self._names)  # noqa: S102
        function: TypedCheck = self._names["full"]
        return function

    def _rest(self, form: str, key_field: str, event_time_field: str) -> None:
        """Write what neither shape nor types can show; `form` makes the source of a value from its field's name."""
        for column in self._dataset.columns:
            if column.name != event_time_field:
                self._column(column, form)
        self._lines += [
            f"    if key != {form.format(key_field)}.encode(): return None",
            f"    time_us = parse_us({form.format(event_time_field)})",
            "    if time_us is None: return None",
        ]
        window = self._dataset.topic.event_time_window if self._dataset.topic else None
        if window is not None:
            before, after = window.before_s * 1_000_000, window.after_s * 1_000_000
            self._lines.append(f"    if not {-after} <= now_ms * 1000 - time_us <= {before}: return None")
        version = self._dataset.version
        self._lines.append(f"    return Verdict(None, '', record, time_us, 'accepted', {version!r}, {version!r})")

    def _column(self, column: Column, form: str) -> None:
        value = form.format(column.name)
        when = column.extensions.required_when
        if when is not None:
            self._lines.append(f"    if {value} is None and {form.format(when.field)} == {when.equals!r}: return None")
        if column.logical_type == "timestamp":
            self._lines.append(f"    if {value} is not None and parse_us({value}) is None: return None")
        elif column.logical_type == "number":
            # Zero may be what is left of a number too small to keep.
            self._lines.append(f"    if {value} == 0: return None")
        elif column.options.pattern and self._exact[column.name] is None and not self._is_shown(column):
            name = f"match_{column.name}"
            self._names[name] = whole(column.options.pattern).fullmatch
            self._lines.append(f"    if {value} is not None and {name}({value}) is None: return None")

    def _is_shown(self, column: Column) -> bool:
        """Say whether the letters that were taken out are all right in a column."""
        allowed = _class_of(column)
        return allowed is not None and self._letters <= allowed


def _type(column: Column, exact: str | None) -> Any:
    """Return what msgspec decodes a column to: its type, bounds, lengths and values."""
    literal, kind = Literal, _scalar(column)
    if exact is not None:
        kind = literal[exact]
    elif column.enum:
        kind = literal[column.enum]
    return kind if column.required else kind | None


def _scalar(column: Column) -> Any:
    if column.logical_type == "boolean":
        return bool
    if column.logical_type == "timestamp":
        return str
    if column.logical_type == "string":
        return Annotated[str, msgspec.Meta(min_length=column.options.min_length, max_length=column.options.max_length)]
    low, high = limits({str(check.kind): check.args for check in column.checks})
    whole_number = Annotated[int, msgspec.Meta(ge=ceil(low), le=floor(high))]
    if column.logical_type == "integer":
        return whole_number
    return whole_number | Annotated[float, msgspec.Meta(ge=float(low), le=float(high))]
