"""Opening the purchases that a notebook is asked to work on, whichever of the known shapes they have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.datasets.raw_folder import chosen, load_dataset
from streamflow.datasets.table import PurchaseTable
from streamflow.errors import InputError, nearest

DATASETS = ("own", "ulb", "ieee_cis")
SAMPLE, SAMPLE_MAPPING = "data/sample/purchases.csv.gz", "data/mappings/purchases.yaml"


def load_purchases(
    dataset: str, path: str = "", mapping: str = "", progress: Callable[[int], None] | None = None
) -> PurchaseTable:
    """Read labelled purchases.

    Args:
        dataset: own, ulb or ieee_cis.
        path: The file, from where this runs or from the checkout; the shipped sample of that shape when empty; `raw`
            for the public file in data/raw.
        mapping: What the columns of an own file mean; the sample's mapping when path is empty too.
        progress: Called now and then with the number of rows read, for an own file.

    Raises:
        InputError: The dataset is unknown, a mapping is missing or does not belong here, or the file is wrong.
    """
    if dataset not in DATASETS:
        raise InputError(f"There is no dataset '{dataset}'; {nearest(dataset, DATASETS)}")
    if dataset != "own":
        if mapping:
            raise InputError(f"A mapping is for an own file; {dataset} has columns of its own: leave mapping empty.")
        return load_dataset(dataset, chosen(dataset, path)).table()
    if path and not mapping:
        raise InputError(
            f"mapping is empty: {Path(path).name} is a file of your own, so name the mapping of its columns "
            f"({SAMPLE_MAPPING} is one to copy)."
        )
    return _own(_found(path or SAMPLE), _found(mapping or SAMPLE_MAPPING), progress)


def _found(path: str) -> Path:
    """Return a path from where this runs, or from the checkout: notebooks run in a folder of their own."""
    here = Path(path).expanduser()
    return here if here.exists() else CHECKOUT.parent / here


def _own(file: Path, mapping: Path, progress: Callable[[int], None] | None) -> PurchaseTable:
    from streamflow.calibration.own import own_table
    from streamflow.contracts import Catalogue, build_validator
    from streamflow.datasets.manifest import kind_of_file
    from streamflow.generator.mapping import load_mapping
    from streamflow.settings import settings

    catalogue = Catalogue.load(settings().contracts_dir)
    known = load_mapping(mapping, catalogue.topic("transactions.raw"))
    return own_table(
        file, known, build_validator(catalogue, settings().base_currency), kind_of=kind_of_file, progress=progress
    )
