"""What carries a version: contracts, rule sets, generator parameters, and the calibrations that they name.

A subject is one file, read and checked, wherever it lies: in contracts/, in a proposal, or anywhere else.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from streamflow.contracts.calibrations import MAX_BYTES, Calibration, parse_calibration
from streamflow.contracts.catalogue import LAYERS, SUFFIX
from streamflow.contracts.dataset import Dataset, build_dataset
from streamflow.contracts.diff import Change, Difference, by_gravity
from streamflow.contracts.diff_datasets import compare_datasets
from streamflow.contracts.diff_generator import compare_generators
from streamflow.contracts.diff_rule_sets import compare_rule_sets
from streamflow.contracts.generator_files import GeneratorFile, read_generator_file
from streamflow.contracts.rule_sets import RuleSet, convert_rule_set
from streamflow.contracts.strict import MAX_FILE_BYTES, Document
from streamflow.contracts.text_files import read_text
from streamflow.contracts.versions import parse_version
from streamflow.errors import InputError, nearest

RULE_SETS = "fraud_rules"
GENERATOR = "generator"
CALIBRATIONS = "calibrations"
FAMILIES = (*LAYERS, RULE_SETS, GENERATOR, CALIBRATIONS)

_VERSION_LINE = re.compile(r"^version:.*$", re.MULTILINE)

Content = Dataset | RuleSet | GeneratorFile | Calibration


@dataclass(frozen=True)
class Subject:
    """One file that carries a version.

    Attributes:
        family: What its versions have in common: `fraud_rules`, `generator`, `events/transactions.raw`, `calibrations`.
        version: Its version; a calibration's id.
        path: Where it was read.
        text: What the file holds.
        content: What that means.
    """

    family: str
    version: str
    path: Path
    text: str
    content: Content

    @property
    def id(self) -> str:
        """`family/version`, as people and references write it."""
        return f"{self.family}/{self.version}"

    @property
    def name(self) -> str:
        """The file's path below contracts/, as the lock writes it."""
        return f"{self.family}/{file_name(self.family, self.version)}"

    @property
    def sha256(self) -> str:
        """Hash of the file's bytes."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def calibration(self) -> str | None:
        """Id of the calibration that it names."""
        return self.content.calibration if isinstance(self.content, RuleSet | GeneratorFile) else None


def file_name(family: str, version: str) -> str:
    """Return the name of the file that holds a version."""
    if family == CALIBRATIONS:
        return f"{version}.json"
    return f"{version}.yaml" if family in (RULE_SETS, GENERATOR) else f"{version}{SUFFIX}"


def split_name(name: str) -> tuple[str, str]:
    """Return family and version of a path below contracts/.

    Raises:
        InputError: No versioned file has such a path.
    """
    family, _, file = name.rpartition("/")
    layer = family.partition("/")[0]
    if layer not in FAMILIES or (layer in LAYERS) != ("/" in family):
        raise InputError(f"contracts/{name} is no contract, rule set or calibration; {nearest(layer, FAMILIES)}")
    suffix = file_name(family, "")
    if not file.endswith(suffix):
        raise InputError(f"contracts/{name}: a file of {family} ends in '{suffix}'.")
    return family, file.removesuffix(suffix)


def _text_of(path: Path) -> str:
    return read_text(path, MAX_BYTES if path.suffix == ".json" else MAX_FILE_BYTES)


def read_subject(root: Path, name: str) -> Subject:
    """Read a versioned file by its path below a folder that is laid out as contracts/ is.

    Raises:
        InputError: The path is none of a versioned file, or the file is wrong; with file and line.
    """
    family, version = split_name(name)
    path = root / name
    if family != CALIBRATIONS:
        parse_version(version, str(path))
    return parse_subject(family, version, path, _text_of(path))


def parse_subject(family: str, version: str, path: Path, text: str) -> Subject:
    """Read a versioned file from its text.

    Args:
        family: What it must be one of.
        version: What its name says.
        path: Where from, for errors.
        text: What it holds.

    Raises:
        InputError: It breaks its format, or states another version or name than its path.
    """
    if family == CALIBRATIONS:
        calibration = parse_calibration(text, path)
        if calibration.id != version:
            raise InputError(f"{path}: the id {calibration.id} is not that of its file.")
        return Subject(family, version, path, text, calibration)
    document = Document(path, text)
    content = _content(family, document, text)
    if content.version != version:
        raise document.fail("$.version", f"the version {content.version} is not that of its file, {version}.")
    if isinstance(content, Dataset) and content.name != family.partition("/")[2]:
        raise document.fail("$.name", f"the name '{content.name}' is not that of its folder.")
    return Subject(family, version, path, text, content)


def _content(family: str, document: Document, text: str) -> Dataset | RuleSet | GeneratorFile:
    if family == RULE_SETS:
        return convert_rule_set(document)
    if family == GENERATOR:
        return read_generator_file(document)
    return build_dataset(family.partition("/")[0], document, hashlib.sha256(text.encode()).hexdigest())


def subject_of_file(path: Path) -> Subject:
    """Read a versioned file that lies anywhere, by what it looks like.

    Raises:
        InputError: It is no contract, rule set or file of generator parameters.
    """
    text = _text_of(path)
    if path.suffix == ".json":
        calibration = parse_calibration(text, path)
        return Subject(CALIBRATIONS, calibration.id, path, text, calibration)
    document = Document(path, text)
    data = document.data if isinstance(document.data, dict) else {}
    family = next((one for key, one in (("rules", RULE_SETS), ("figures", GENERATOR)) if key in data), "")
    if "apiVersion" in data:
        family = _layer(data, path)
    if not family:
        raise InputError(
            f"{path} is no contract (apiVersion), rule set (rules) or file of generator parameters (figures)."
        )
    content = _content(family, document, text)
    family = f"{family}/{content.name}" if isinstance(content, Dataset) else family
    return Subject(family, content.version, path, text, content)


def _layer(data: dict[str, object], path: Path) -> str:
    """Return the layer of a contract that may lie outside of contracts/: its folder's, else by what it describes."""
    folder = path.resolve().parent.parent.name
    if folder in LAYERS:
        return folder
    schema = data.get("schema")
    first = schema[0] if isinstance(schema, list) and schema and isinstance(schema[0], dict) else {}
    if first.get("physicalType") == "table":
        layer = str(first.get("physicalName")).partition(".")[0]
        return layer if layer in LAYERS else "silver"
    return "events" if first.get("physicalType") == "topic" else "reference"


def compare(old: Subject, new: Subject, readers: tuple[str, ...] = ()) -> Difference:
    """Compare two versions of the same thing.

    Args:
        old: The version that is known.
        new: The other one.
        readers: Who runs rule sets, by the contract of their topic.

    Raises:
        InputError: They are versions of different things, or calibrations, which have no versions.
    """
    if old.family != new.family or CALIBRATIONS in (old.family, new.family):
        why = "calibrations have no versions, only ids" if old.family == new.family else "they are different things"
        raise InputError(f"{old.id} and {new.id} cannot be compared: {why}.")
    changes = _changes(old.content, new.content, readers)
    if not changes and _without_version(old.text) != _without_version(new.text):
        changes = [Change("wording", "", "only comments or layout changed", "patch")]
    return Difference(old.id, new.id, old.version, new.version, by_gravity(changes))


def _changes(old: Content, new: Content, readers: tuple[str, ...]) -> list[Change]:
    if isinstance(old, Dataset) and isinstance(new, Dataset):
        return compare_datasets(old, new)
    if isinstance(old, RuleSet) and isinstance(new, RuleSet):
        return compare_rule_sets(old, new, readers)
    if isinstance(old, GeneratorFile) and isinstance(new, GeneratorFile):
        return compare_generators(old, new)
    raise TypeError(f"{type(old).__name__} and {type(new).__name__} have no comparison")


def _without_version(text: str) -> str:
    return _VERSION_LINE.sub("", text, count=1)
