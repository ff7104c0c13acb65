"""All contracts of a checkout: found by layer, name and version, read when first asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from streamflow.contracts.dataset import Dataset, build_dataset
from streamflow.contracts.references import references
from streamflow.contracts.strict import Document, read_yaml
from streamflow.errors import InputError, nearest

LAYERS = ("events", "reference", "bronze", "silver", "gold")
SUFFIX = ".odcs.yaml"


def version_key(version: str) -> tuple[int, ...]:
    """Order versions by their numbers; raises ValueError for anything but digits and dots."""
    return tuple(int(part) for part in version.split("."))


class Catalogue:
    """The contracts under one folder, `<layer>/<dataset>/<version>.odcs.yaml`."""

    def __init__(self, root: Path, files: dict[tuple[str, str], dict[str, Path]]) -> None:
        """Use `load` instead."""
        self.root = root
        self._files = files
        self._read: dict[Path, Dataset] = {}
        self._opened: list[str] = []

    @classmethod
    def load(cls, path: Path) -> Catalogue:
        """List the contracts under `path`; each file is read and checked when it is first asked for.

        Raises:
            InputError: The folder is missing or holds no contract, or a file's name is no version.
        """
        files: dict[tuple[str, str], dict[str, Path]] = {}
        for layer in LAYERS:
            for file in sorted((path / layer).glob(f"*/*{SUFFIX}")):
                version = file.name.removesuffix(SUFFIX)
                try:
                    version_key(version)
                except ValueError:
                    raise InputError(f"{file}: '{version}' is no version; name the file as 1.0.0{SUFFIX}.") from None
                files.setdefault((layer, file.parent.name), {})[version] = file
        if not files:
            raise InputError(f"There are no contracts under {path}; expected {path}/events/<topic>/<version>{SUFFIX}.")
        return cls(path, files)

    def ids(self) -> list[str]:
        """Return the `layer/dataset/version` of each file."""
        return [f"{layer}/{name}/{version}" for (layer, name), found in self._files.items() for version in found]

    def versions(self, layer: str, name: str) -> tuple[str, ...]:
        """Return the versions of a dataset, oldest first."""
        return tuple(sorted(self._of(layer, name), key=version_key))

    def latest(self, layer: str, name: str) -> Dataset:
        """Return the newest version of a dataset."""
        return self.dataset(layer, name)

    def dataset(self, layer: str, name: str, version: str | None = None) -> Dataset:
        """Return a dataset.

        Args:
            layer: One of `LAYERS`.
            name: Name of the dataset.
            version: A version; the newest when not given.

        Raises:
            InputError: There is no such dataset or version, or its file is wrong.
        """
        found = self._of(layer, name)
        wanted = version or max(found, key=version_key)
        if wanted not in found:
            raise InputError(f"The contract {layer}/{name} has no version {wanted}; {nearest(wanted, found)}")
        path = found[wanted]
        if path not in self._read:
            self._read[path] = self._build(layer, name, wanted, path)
        return self._read[path]

    def by_id(self, dataset_id: str) -> Dataset:
        """Return the dataset that `layer/dataset/version` names."""
        parts = dataset_id.split("/")
        if len(parts) != 3:
            raise InputError(f"'{dataset_id}' names no contract; write layer/dataset/version.")
        return self.dataset(*parts)

    def find(self, name: str) -> Dataset:
        """Return the newest version of a dataset from what a person types: `name` or `layer/name[/version]`."""
        parts = name.split("/")
        if len(parts) in (2, 3):
            return self.dataset(*parts)
        layers = [layer for layer, dataset in self._files if dataset == name]
        if len(layers) == 1:
            return self.dataset(layers[0], name)
        if layers:
            choices = " or ".join(f"'{layer}/{name}'" for layer in layers)
            raise InputError(f"'{name}' is the name of {len(layers)} datasets; write {choices}.")
        raise InputError(f"There is no dataset '{name}'; {nearest(name, {n for _, n in self._files})}")

    def datasets(self, layer: str | None = None) -> Iterator[Dataset]:
        """Yield each version of each dataset, of one layer or of all."""
        for (one, name), found in self._files.items():
            if layer is None or one == layer:
                for version in sorted(found, key=version_key):
                    yield self.dataset(one, name, version)

    def newest(self, layer: str | None = None) -> Iterator[Dataset]:
        """Yield the newest version of each dataset: what a table looks like now."""
        for one, name in self._files:
            if layer is None or one == layer:
                yield self.dataset(one, name)

    def topic(self, name: str, version: str | None = None) -> Dataset:
        """Return the contract of a topic; its `topic` attribute holds key, partitions and policies."""
        return self.dataset("events", name, version)

    def topics(self) -> tuple[Dataset, ...]:
        """Return the newest contract of each topic."""
        return tuple(self.topic(name) for layer, name in self._files if layer == "events")

    def bronze_table_for(self, topic: str) -> str:
        """Return the bronze table of a topic, as `bronze.raw_transactions`."""
        extensions = self.topic(topic).topic
        if extensions is None:
            raise InputError(f"The contract of {topic} does not describe a topic.")
        return self.dataset("bronze", extensions.bronze_table).table

    def _of(self, layer: str, name: str) -> dict[str, Path]:
        try:
            return self._files[layer, name]
        except KeyError:
            pass
        if layer not in LAYERS:
            raise InputError(f"There is no layer '{layer}'; {nearest(layer, LAYERS)}")
        names = [dataset for one, dataset in self._files if one == layer]
        raise InputError(f"The layer {layer} has no dataset '{name}'; {nearest(name, names)}")

    def _build(self, layer: str, name: str, version: str, path: Path) -> Dataset:
        document = read_yaml(path)
        dataset = build_dataset(layer, document, hashlib.sha256(path.read_bytes()).hexdigest())
        if dataset.name != name:
            raise document.fail("$.name", f"the name '{dataset.name}' is not that of its folder, '{name}'.")
        if dataset.version != version:
            raise document.fail("$.version", f"the version {dataset.version} is not that of its file, {version}.")
        self._follow(document, dataset)
        return dataset

    def _follow(self, document: Document, dataset: Dataset) -> None:
        """Read what a contract refers to, so that whoever has a dataset can rely on its references."""
        self._opened.append(dataset.id)
        try:
            for place, named in references(dataset.contract.schema[0]):
                if named in self._opened:
                    circle = " -> ".join([*self._opened[self._opened.index(named) :], named])
                    raise document.fail(place, f"the contracts refer to each other in a circle: {circle}.")
                if named not in self.ids():
                    raise document.fail(place, f"there is no contract '{named}'; {nearest(named, self.ids())}")
                self.by_id(named)
        finally:
            self._opened.pop()
