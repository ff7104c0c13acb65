"""A proposed mapping as the file that a person reads and edits: each line with its reason."""

from __future__ import annotations

import json
import re
import textwrap
from typing import Any

from streamflow.generator.suggestion.proposal import Proposal

WIDTH = 120
_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*( [A-Za-z0-9_]+)*$")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def mapping_text(proposal: Proposal) -> str:
    """Return the mapping as YAML with comments."""
    lines = [
        *_comment(f"A proposal for {proposal.file.name}, made from {proposal.says}. Read it before you use it."),
        *_comment(
            "'sure', 'likely' and 'guess' say how much speaks for a line; 9, a and A stand for digits and letters."
        ),
    ]
    for sentence in proposal.warnings:
        lines += _comment(f"Look: {sentence}.")
    for what, cost in proposal.missing:
        lines += _comment(f"Missing: no {what}: {cost}.")
    for column, why in proposal.leaks.items():
        lines += _comment(f"Never a field: '{column}': {why}.")
    if proposal.unused:
        lines += _comment(f"Not used: {', '.join(repr(name) for name in proposal.unused)}.")
    lines += _comment(proposal.zone_why)
    lines.append(f"timezone: {_scalar(proposal.timezone)}")
    if proposal.delimiter != ",":
        lines.append(f"delimiter: {json.dumps(proposal.delimiter)}")
    if proposal.encoding != "utf-8":
        lines.append(f"encoding: {_scalar(proposal.encoding)}")
    lines.append("fields:")
    for line in proposal.lines:
        lines += _comment(f"{line.confidence}: {line.why}", "  ")
        lines.append(f"  {line.field}: {_flow(line.spec)}")
    if proposal.label is not None:
        lines += _comment(f"{proposal.label_confidence}: {proposal.label_why}")
        lines.append("label:")
        lines += [f"  {key}: {_flow(value)}" for key, value in proposal.label.items()]
    return "\n".join(lines) + "\n"


def _comment(text: str, indent: str = "") -> list[str]:
    # A column may be named with a line break.
    plain = " ".join(text.split())
    return textwrap.wrap(plain, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ") if plain else []


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}"
    text = str(value)
    return text if _PLAIN.match(text) and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)
