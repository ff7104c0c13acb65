"""Released files never change: contracts/released.lock holds the sha256 of each.

The lock is one line a file, `<sha256>  <path below contracts/>`, as sha256sum writes it, sorted by path. What may be
released is decided in `releasing`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from streamflow.contracts.versions import is_version, ordered
from streamflow.errors import InputError, StreamFlowError, nearest

LOCK = "released.lock"
PATTERNS = ("*/*/*.odcs.yaml", "fraud_rules/[0-9]*.yaml", "generator/[0-9]*.yaml", "calibrations/*.json")


class ContractsBroken(StreamFlowError):
    """A released file was changed, is missing, or its hash was never recorded."""


def released_files(root: Path) -> dict[str, str]:
    """Return the hash of each file that a release covers, by path below `root`."""
    found = sorted(path for pattern in PATTERNS for path in root.glob(pattern))
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def read_lock(root: Path) -> dict[str, str]:
    """Return the recorded hashes, by path below `root`; empty when nothing was released yet.

    Raises:
        InputError: A line of the lock is no hash and path.
    """
    path = root / LOCK
    if not path.exists():
        return {}
    recorded: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        sha256, _, name = line.partition("  ")
        if len(sha256) != 64 or not name:
            raise InputError(f"{path} line {number}: expected '<sha256>  <path>'.")
        recorded[name] = sha256
    return recorded


def lock_text(recorded: dict[str, str]) -> str:
    """Return what the lock must hold for the given hashes by path."""
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(recorded.items()))


def released_versions(root: Path, kind: str) -> tuple[str, ...]:
    """Return the released versions of one kind of file, oldest first.

    Args:
        root: The contracts folder.
        kind: `fraud_rules`, `generator`, or a dataset as `events/transactions.raw`.
    """
    found = []
    for name in read_lock(root):
        folder, _, file = name.rpartition("/")
        version = file.removesuffix(".yaml").removesuffix(".odcs")
        if folder == kind and is_version(version):
            found.append(version)
    return tuple(ordered(found))


def newest_released(root: Path, kind: str) -> str:
    """Return the newest released version of one kind of file.

    Args:
        root: The contracts folder.
        kind: `fraud_rules`, `generator`, or a dataset as `events/transactions.raw`.

    Raises:
        InputError: Nothing of that kind was released; the sentence names the nearest kind.
    """
    versions = released_versions(root, kind)
    if not versions:
        kinds = {name.rpartition("/")[0] for name in read_lock(root)}
        tail = nearest(kind, kinds) if kinds else "nothing was released yet."
        raise InputError(f"No version of '{kind}' was released under {root}; {tail}")
    return versions[-1]


def differences(root: Path) -> list[str]:
    """Return one sentence for each released file that is not what was released.

    Args:
        root: The contracts folder.

    Returns:
        Sentences; none when all is as recorded. A file that is not in the lock yet is named too.
    """
    recorded, found = read_lock(root), released_files(root)
    sentences = []
    for name, sha256 in recorded.items():
        if name not in found:
            sentences.append(f"contracts/{name} was released but is gone; restore it.")
        elif found[name] != sha256:
            sentences.append(f"contracts/{name} was changed after its release; restore it and write a new version.")
    unreleased = [name for name in found if name not in recorded]
    sentences += [
        f"contracts/{name} is not released; run 'streamflow contracts release {name}'." for name in unreleased
    ]
    return sentences


def verify_released(root: Path) -> None:
    """Refuse a folder in which a released file was changed or is gone.

    Raises:
        ContractsBroken: The first such file; files not yet released are no error here.
    """
    recorded = read_lock(root)
    found = released_files(root)
    for name, sha256 in recorded.items():
        if found.get(name) != sha256:
            state = "was changed after its release" if name in found else "was released but is gone"
            raise ContractsBroken(f"contracts/{name} {state}; restore it and write a new version instead.")
