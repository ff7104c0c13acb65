"""Samples beside the code: generated rows in the shape of real files, written and held to by one command.

A sample is gzip of CSV without a time stamp. What is compared is the CSV inside, so that another release of zlib does
not matter; the manifest holds both hashes.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from streamflow.datasets.manifest import NAME, SAMPLES, Manifest, Sample, load_manifest
from streamflow.errors import StreamFlowError

MEND = "run 'streamflow data sample' and commit what it writes."


@dataclass(frozen=True)
class SampleFile:
    """One file to write.

    Attributes:
        name: In the folder of samples; `.gz` packs it.
        shape: Which file's shape it has.
        build: Gives the CSV; None for a file that was written by hand and is only hashed.
    """

    name: str
    shape: str
    build: Callable[[], bytes] | None


def write_samples(files: Sequence[SampleFile], folder: Path = SAMPLES) -> Manifest:
    """Write all files and their manifest.

    Args:
        files: Every sample; what the manifest does not list counts as a real file.
        folder: Where to.

    Returns:
        The manifest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for one in files:
        if one.build is None:
            continue
        content = one.build()
        path = folder / one.name
        if not path.is_file() or _content(path) != content:
            path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)
    manifest = _manifest(files, folder)
    (folder / NAME).write_text(manifest.text(), encoding="utf-8")
    return manifest


def check_samples(files: Sequence[SampleFile], folder: Path = SAMPLES) -> Manifest:
    """Hold the files against what their generators give today.

    Raises:
        StreamFlowError: A file is missing or differs, or the manifest does; the sentence names what mends it.
    """
    for one in files:
        path = folder / one.name
        if not path.is_file():
            raise StreamFlowError(f"{path} is missing: {MEND}")
        if one.build is not None and _content(path) != one.build():
            raise StreamFlowError(f"{path} is not what its generator gives: {MEND}")
    manifest = _manifest(files, folder)
    if load_manifest(folder) != manifest:
        raise StreamFlowError(f"{folder / NAME} does not hold the hashes of the samples: {MEND}")
    return manifest


def _manifest(files: Sequence[SampleFile], folder: Path) -> Manifest:
    samples = {}
    for one in files:
        path = folder / one.name
        content = _content(path)
        samples[one.name] = Sample(
            kind="sample",
            rows=content.count(b"\n") - 1,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            content_sha256=hashlib.sha256(content).hexdigest(),
            shape=one.shape,
        )
    return Manifest(samples=samples)


def _content(path: Path) -> bytes:
    raw = path.read_bytes()
    try:
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (gzip.BadGzipFile, EOFError):
        return raw
