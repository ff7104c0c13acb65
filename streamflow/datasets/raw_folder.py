"""The user's own copies of the public files, in `data/raw`, outside git: find them, read them, say what is verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from streamflow.contracts.calibrations import Source
from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.datasets.facts import DATASETS, dataset_named, facts
from streamflow.datasets.ieee_cis import IeeeCisFile, load_ieee_cis
from streamflow.datasets.manifest import SAMPLES
from streamflow.datasets.ulb import UlbFile, load_ulb
from streamflow.errors import InputError

RAW = CHECKOUT.parent / "data" / "raw"
SUFFIXES = ("", ".zip", ".gz")
SAMPLE_OF = {"ulb": "ulb_sample.csv.gz", "ieee_cis": "ieee_cis_sample_transaction.csv.gz"}


@dataclass(frozen=True)
class Entry:
    """What is known about one dataset in a folder.

    Attributes:
        dataset: ulb or ieee_cis.
        state: verified (every published row and column is there), part (a file whose weights make up for the rows it
            lacks), wrong, or absent.
        path: The file; None when there is none.
        says: One sentence for people.
    """

    dataset: str
    state: Literal["verified", "part", "wrong", "absent"]
    path: Path | None
    says: str


def find_raw(dataset: str, folder: Path = RAW) -> Path | None:
    """Return the file of a dataset in a folder, however it is packed; None when there is none.

    Raises:
        InputError: There is no such dataset.
    """
    known = facts(dataset)
    name = known.files[0].name
    # The web page calls every download archive.zip; only one that holds the file counts.
    candidates = [*(f"{name}{suffix}" for suffix in SUFFIXES), f"{Path(name).stem}.parquet", known.archive]
    return next((folder / one for one in candidates if (folder / one).is_file()), None)


def chosen(dataset: str, path: str = "") -> Path:
    """Return the file that a notebook's parameter means.

    Args:
        dataset: ulb or ieee_cis.
        path: Empty for the generated sample, `raw` for the file in `data/raw`, else a file, from where the notebook
            runs or from the checkout.

    Raises:
        InputError: `raw` is asked for and there is no file, or there is no such dataset.
    """
    name = dataset_named(dataset)
    if not path:
        return SAMPLES / SAMPLE_OF[name]
    if path != "raw":
        return Path(path) if Path(path).exists() else CHECKOUT.parent / path
    found = find_raw(name)
    if found is None:
        raise InputError(
            f"{facts(name).files[0].name} is not in data/raw: run 'streamflow data fetch {cli_name(name)}'."
        )
    return found


def load_dataset(dataset: str, path: Path | None = None, *, whole: bool = True) -> UlbFile | IeeeCisFile:
    """Read a dataset.

    Args:
        dataset: ulb or ieee-cis.
        path: Its file; the one in `data/raw` when not given.
        whole: As `load_ulb` and `load_ieee_cis` have it.

    Raises:
        InputError: There is no such dataset or file, or the file is not what it should be.
    """
    name = dataset_named(dataset)
    found = path or find_raw(name)
    if found is None:
        raise InputError(
            f"{facts(name).files[0].name} is not in data/raw: run 'streamflow data fetch {cli_name(name)}'."
        )
    return load_ulb(found, whole=whole) if name == "ulb" else load_ieee_cis(found, whole=whole)


def cli_name(dataset: str) -> str:
    """Return a dataset's name as people write it."""
    return dataset.replace("_", "-")


def look(dataset: str, folder: Path = RAW) -> Entry:
    """Read a dataset's file in a folder and say whether it is the published one."""
    path = find_raw(dataset, folder)
    if path is None:
        return Entry(dataset, "absent", None, f"not in {folder}: run 'streamflow data fetch {cli_name(dataset)}'")
    try:
        read = load_dataset(dataset, path)
    except InputError as error:
        return Entry(dataset, "wrong", path, str(error))
    return Entry(dataset, _state(read.source), path, f"{read.source.rows or 0:,} rows, {_what(read)}")


def look_at_all(folder: Path = RAW) -> Iterator[Entry]:
    """Look at every dataset."""
    yield from (look(dataset, folder) for dataset in DATASETS)


def _state(source: Source) -> Literal["verified", "part"]:
    return "verified" if source.detail.startswith("every row") else "part"


def _what(read: UlbFile | IeeeCisFile) -> str:
    label = "Class" if isinstance(read, UlbFile) else "isFraud"
    return f"{int((read.frame[label] == 1).sum()):,} frauds; {read.source.detail}"
