"""Released files never change: contracts/released.lock holds the sha256 of each.

The lock is one line a file, `<sha256>  <path below contracts/>`, as sha256sum writes it, sorted by path.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from streamflow.errors import InputError, StreamFlowError, nearest

LOCK = "released.lock"
PATTERNS = ("*/*/*.odcs.yaml", "fraud_rules/[0-9]*.yaml")


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


def release(root: Path, names: list[str]) -> list[str]:
    """Record the hash of files that were not released before.

    Args:
        root: The contracts folder.
        names: Paths below it; all files that are not recorded yet when empty.

    Returns:
        The paths that were recorded now.

    Raises:
        InputError: A name is no contract or rule set.
        ContractsBroken: A file was released before with other bytes.
    """
    verify_released(root)
    recorded, found = read_lock(root), released_files(root)
    for name in names:
        if name not in found:
            raise InputError(f"contracts/{name} is no contract or rule set; {nearest(name, found)}")
    added = [name for name in (names or found) if name not in recorded]
    recorded |= {name: found[name] for name in added}
    lines = [f"{sha256}  {name}\n" for name, sha256 in sorted(recorded.items())]
    if added:
        (root / LOCK).write_text("".join(lines), encoding="utf-8")
    return added
