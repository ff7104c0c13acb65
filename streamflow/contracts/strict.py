"""Strict reading of YAML: one document, no aliases, no duplicate or unknown keys, and errors that name file and line.

The scalar rules are those of YAML 1.2's core schema, because YAML 1.1 reads `NO` as false and `2026-03-01` as a date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec
import yaml

from streamflow.contracts.text_files import read_text
from streamflow.errors import InputError, nearest

MAX_FILE_BYTES = 1_048_576
MAX_DEPTH = 40

T = TypeVar("T")
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """The fastest safe loader with the scalar rules of YAML 1.2."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


class Document:
    """A YAML file as plain data, with the line of each value.

    Attributes:
        path: Where it was read from, as errors name it.
        data: Mappings, lists and scalars.
    """

    __slots__ = ("_lines", "_seen", "data", "path")

    def __init__(self, path: Path, text: str) -> None:
        """Read `text`; raises InputError when it is no strict YAML."""
        self.path = path
        self._lines: dict[str, int] = {}
        self._seen: set[int] = set()
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise InputError(f"{path} line {line}: this is no YAML: {error.problem}.") from None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise InputError(f"{path}: this is no YAML: {error}.") from None
        finally:
            loader.dispose()
        if node is None:
            raise InputError(f"{path} is empty.")
        self.data: Any = self._plain(node, "$", 0)

    def line(self, path: str) -> int:
        """Return the line of a value, given its path as `$.schema[0].name`; of its parent if it has none."""
        while path not in self._lines:
            path = path[: max(path.rfind("."), path.rfind("["))] if path != "$" else "$"
            if not path:
                return 1
        return self._lines[path]

    def alias(self, path: str, other: str) -> None:
        """Give a value that errors name by `path` the line of another, because the file writes it differently."""
        self._lines[path] = self.line(other)

    def fail(self, path: str, sentence: str) -> InputError:
        """Return an error that names file and line of a value."""
        return InputError(f"{self.path} line {self.line(path)}: {sentence}")

    def _plain(self, node: yaml.Node, path: str, depth: int) -> Any:
        self._lines.setdefault(path, node.start_mark.line + 1)
        if depth > MAX_DEPTH:
            raise self.fail(path, f"nested deeper than {MAX_DEPTH} levels.")
        if id(node) in self._seen:
            raise self.fail(path, "anchors and aliases are not allowed here; write the value out.")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            here = f"{path}.{key}" if isinstance(key, str) else path
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError(f"{self.path} line {line}: a key must be plain text.")
            if key in found:
                raise InputError(f"{self.path} line {line}: the key '{key}' stands twice in one mapping.")
            self._lines[here] = line
            found[key] = self._plain(value_node, here, depth + 1)
        return found

    def _scalar(self, node: yaml.Node, path: str) -> Any:
        text: str = node.value
        kind = node.tag.rpartition(":")[2]
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool" and text in ("true", "false"):
            return text == "true"
        try:
            if kind == "int":
                return int(text)
            if kind == "float":
                return float(text)
        except ValueError:
            pass
        raise self.fail(
            path, f"a value with the tag '{node.tag}' is not allowed; write plain text, a number or a list."
        )


def read_yaml(path: Path) -> Document:
    """Read one YAML file strictly.

    Args:
        path: The file; at most 1 MiB.

    Returns:
        Its data, with lines for error sentences.

    Raises:
        InputError: It is missing, too large, no UTF-8 or no strict YAML; the sentence names file and line.
    """
    return Document(path, read_text(path, MAX_FILE_BYTES))


def convert(document: Document, model: type[T], path: str = "$", data: Any = None) -> T:
    """Turn (a part of) a document into a typed, frozen model.

    Args:
        document: What was read.
        model: A msgspec struct that forbids unknown fields.
        path: The path of the part; `$` is the whole.
        data: The part; the whole document when not given.

    Returns:
        The model.

    Raises:
        InputError: Unknown or missing keys, wrong types, broken bounds; with file, line and nearest valid name.
    """
    try:
        return msgspec.convert(document.data if data is None else data, model, strict=True)
    except msgspec.ValidationError as error:
        where, sentence = _explain(error, model, path)
        raise document.fail(where, sentence) from None


def convert_mapping(mapping: Mapping[str, Any], model: type[T], name: str) -> T:
    """Turn a mapping that came from elsewhere than a file into a typed model.

    Args:
        mapping: Plain data, as JSON gives it.
        model: A msgspec struct that forbids unknown fields.
        name: What the error calls it, as `rule set`.

    Returns:
        The model.

    Raises:
        InputError: As `convert`, but naming the path in place of the line.
    """
    try:
        return msgspec.convert(dict(mapping), model, strict=True)
    except msgspec.ValidationError as error:
        where, sentence = _explain(error, model, "$")
        raise InputError(f"{name}, at {where}: {sentence}") from None


_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(.*)`")
_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\]]*)\]")


def _explain(error: msgspec.ValidationError, model: Any, prefix: str) -> tuple[str, str]:
    match = _AT.match(str(error))
    what, inner = (match["what"], match["path"] or "$") if match else (str(error), "$")
    where = prefix + inner[1:]
    unknown = _UNKNOWN.search(what)
    if unknown:
        name = unknown[1]
        return f"{where}.{name}", f"the key '{name}' is unknown; {nearest(name, _fields_at(model, inner))}"
    return where, what[:1].lower() + what[1:].rstrip(".") + "."


def _fields_at(model: Any, path: str) -> list[str]:
    """Name the fields that a value at `path` may have."""
    kinds = [msgspec.inspect.type_info(model)]
    for step in _STEP.finditer(path):
        kinds = [inner for kind in kinds for inner in _step_into(kind, step[1])]
    fields = [f.encode_name for kind in kinds for f in getattr(_unwrap(kind)[0], "fields", ())]
    for kind in kinds:
        fields += [f.encode_name for inner in _unwrap(kind) for f in getattr(inner, "fields", ())]
    return sorted(set(fields))


def _unwrap(kind: Any) -> list[Any]:
    return list(kind.types) if isinstance(kind, msgspec.inspect.UnionType) else [kind]


def _step_into(kind: Any, name: str | None) -> list[Any]:
    found: list[Any] = []
    for one in _unwrap(kind):
        if name is not None:
            found += [f.type for f in getattr(one, "fields", ()) if f.encode_name == name]
        elif hasattr(one, "item_type"):
            found.append(one.item_type)
        elif hasattr(one, "value_type"):
            found.append(one.value_type)
    return found
