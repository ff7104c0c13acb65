"""Which files are samples of ours: generated rows measure nothing, wherever a copy of them lies.

`data/sample/manifest.json` lists each sample with the hash of its bytes and of the CSV inside, so that an unpacked or
renamed copy is known as well.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from streamflow.contracts.calibrations import Sha256
from streamflow.contracts.canonical_json import read_object
from streamflow.contracts.rule_sets import CHECKOUT, Part
from streamflow.contracts.strict import MAX_FILE_BYTES, convert_mapping
from streamflow.errors import EnvironmentNotReady, InputError

SAMPLES = CHECKOUT.parent / "data" / "sample"
NAME = "manifest.json"


class Sample(Part, frozen=True):
    """One generated file.

    Attributes:
        kind: Always sample.
        rows: Rows of data.
        sha256: Hash of its bytes.
        content_sha256: Hash of the CSV inside.
        shape: Which file's shape it has.
    """

    kind: Literal["sample"]
    rows: Annotated[int, Meta(ge=1)]
    sha256: Sha256
    content_sha256: Sha256
    shape: str


class Manifest(Part, frozen=True):
    """All of them, by name."""

    samples: dict[str, Sample]

    def text(self) -> str:
        """Return the bytes of the file as text."""
        return json.dumps(msgspec.to_builtins(self), sort_keys=True, indent=1) + "\n"


def load_manifest(folder: Path = SAMPLES) -> Manifest:
    """Read the manifest of a folder of samples.

    Raises:
        EnvironmentNotReady: There is none, so that samples could not be told from real files.
        InputError: It is no manifest.
    """
    path = folder / NAME
    if not path.is_file():
        raise EnvironmentNotReady(
            f"{path} is missing, and without it a sample cannot be told from a real file: restore it, or run "
            f"'streamflow data sample'."
        )
    return convert_mapping(read_object(path, MAX_FILE_BYTES), Manifest, str(path))


@cache
def _hashes() -> frozenset[str]:
    samples = load_manifest().samples.values()
    return frozenset(one.sha256 for one in samples) | frozenset(one.content_sha256 for one in samples)


def kind_of(*sha256: str | None) -> Literal["file", "sample"]:
    """Return what a file is.

    Args:
        sha256: Hash of its bytes; of the CSV inside as well, where it is packed.

    Returns:
        "sample" when one of them is that of a sample of ours, else "file".

    Raises:
        EnvironmentNotReady: The manifest is missing.
    """
    return "sample" if any(one in _hashes() for one in sha256 if one is not None) else "file"


def kind_of_file(path: Path) -> Literal["file", "sample"]:
    """Return what a file is, also when it is a sample that was packed anew.

    Args:
        path: Any file; the content of a gzip is hashed as well.

    Raises:
        EnvironmentNotReady: The manifest is missing.
        InputError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            packed = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            if file.read(2) != b"\x1f\x8b":
                return kind_of(packed)
        with gzip.open(path, "rb") as content:
            inside = hashlib.sha256()
            while chunk := content.read(1 << 20):
                inside.update(chunk)
        return kind_of(packed, inside.hexdigest())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
