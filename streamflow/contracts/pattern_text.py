"""Writing text that a contract's pattern matches, of a wished length; for corpora, not for parsing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_PARSER: Any = re._parser  # type: ignore[attr-defined]  # noqa: SLF001 - the only reader of patterns that Python has


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a pattern: one character of a class, so often, or other pieces, so often."""

    char: str
    inside: tuple[_Piece, ...]
    least: int
    most: int

    def write(self, times: int) -> str:
        return (self.char or "".join(piece.write(piece.least) for piece in self.inside)) * times


def text_of(pattern: str, length: int | None = None) -> str | None:
    """Return a text that matches, of a length if one is given.

    Args:
        pattern: As contracts have them: classes, literals, groups and counts, from `^` to `$`.
        length: Wished number of characters; the least possible when not given.

    Returns:
        The text, or None when the pattern has no text of that length.

    Raises:
        ValueError: The pattern has something that no contract uses.
    """
    pieces = _pieces(_PARSER.parse(pattern.removeprefix("^").removesuffix("$")))
    counts = [piece.least for piece in pieces]
    found = "".join(piece.write(count) for piece, count in zip(pieces, counts, strict=True))
    if length is None or len(found) == length:
        return found
    for place, piece in enumerate(pieces):
        one = len(piece.write(1))
        more, rest = divmod(length - len(found), one) if one else (0, 1)
        if more > 0 and rest == 0 and piece.least + more <= piece.most:
            counts[place] += more
            return "".join(piece.write(count) for piece, count in zip(pieces, counts, strict=True))
    return None


def _pieces(parsed: Any) -> tuple[_Piece, ...]:
    return tuple(_piece(str(name), what) for name, what in parsed)


def _piece(name: str, what: Any) -> _Piece:
    if name == "LITERAL":
        return _Piece(chr(what), (), 1, 1)
    if name == "IN":
        return _Piece(_first(what), (), 1, 1)
    if name == "SUBPATTERN":
        return _Piece("", _pieces(what[3]), 1, 1)
    if name == "MAX_REPEAT":
        least, most, inside = what
        return _Piece("", _pieces(inside), int(least), int(most))
    raise ValueError(f"a contract's pattern has {name}, which no text is written for yet")


def _first(members: Any) -> str:
    """Return the first character of a class such as `[A-Za-z0-9_]`."""
    name, what = members[0]
    return chr(what[0] if str(name) == "RANGE" else what)
