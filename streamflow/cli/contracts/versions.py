"""`streamflow contracts diff` and `release`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamflow.cli.contracts.shell import AsJson, load_catalogue

if TYPE_CHECKING:
    from streamflow.contracts.proposals import Proposal


def diff(
    old: Annotated[
        str, typer.Argument(metavar="A", help="As fraud_rules/1.0.0, a path to a file, or a proposal folder.")
    ],
    new: Annotated[
        str | None, typer.Argument(metavar="B", help="The other; the release before A if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what changed between two versions, for whom, and which number that asks for.

    Example: streamflow contracts diff events/transactions.raw/1.0.0 events/transactions.raw/2.0.0
    """
    from streamflow.contracts.proposals import read_proposal
    from streamflow.contracts.review import difference_between, review
    from streamflow.errors import InputError
    from streamflow.settings import settings

    root = settings().contracts_dir
    folder = Path(old)
    if not folder.is_dir():
        difference = difference_between(root, old, new)
        typer.echo(json.dumps(difference.payload(), indent=2) if as_json else "\n".join(difference.lines()))
        return
    if new is not None:
        raise InputError(f"{old} is a proposal, which is compared with what was released; leave '{new}' out.")
    reviewed = review(root, read_proposal(folder))
    if as_json:
        typer.echo(json.dumps({"proposal": old, "files": [one.payload() for one in reviewed]}, indent=2))
        return
    typer.echo("\n\n".join("\n".join(one.lines()) for one in reviewed))


def release(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATHS]...", help="Paths below contracts/, or one proposal folder; everything new if not given."
        ),
    ] = None,
    renumber: Annotated[
        bool, typer.Option("--renumber", help="Give a proposal the numbers that its differences ask for.")
    ] = False,
) -> None:
    """Record the hash of new versions; from then on they never change.

    The number of a version must be the one that its difference from the release before it asks for. A proposal is
    copied into contracts/ as a whole, or nothing of it is.

    Example: streamflow contracts release fraud_rules/1.1.0.yaml
    """
    from streamflow.contracts.proposals import read_proposal
    from streamflow.contracts.releasing import release as record
    from streamflow.contracts.releasing import release_proposal
    from streamflow.errors import InputError
    from streamflow.settings import settings

    root = settings().contracts_dir
    load_catalogue()
    given = files or []
    folders = [one for one in given if Path(one).is_dir()]
    if folders and len(given) > 1:
        raise InputError(f"{folders[0]} is a proposal; release it alone.")
    if renumber and not folders:
        raise InputError("--renumber is for a proposal folder; a file in contracts/ is renamed by hand.")
    if folders:
        proposal = read_proposal(Path(folders[0]))
        _check_worlds(proposal)
        done = release_proposal(root, proposal, renumber=renumber)
    else:
        done = record(root, [_below(root, one) for one in given])
    for family, number in done.renumbered.items():
        typer.echo(f"renumbered {family} to {number}")
    for name in done.names:
        typer.echo(f"released {name}")
    if not done.names:
        typer.echo("Nothing new to release.")


def _below(root: Path, name: str) -> str:
    """Return a path below contracts/ from whatever a person typed."""
    path = Path(name)
    if path.is_file() and path.resolve().is_relative_to(root.resolve()):
        return path.resolve().relative_to(root.resolve()).as_posix()
    return name.removeprefix("contracts/")


def _check_worlds(proposal: Proposal) -> None:
    """Refuse generator parameters that the generator would refuse."""
    from streamflow.contracts.subjects import GENERATOR
    from streamflow.generator.parameters import load_parameters

    for one in proposal.subjects:
        if one.family == GENERATOR:
            load_parameters(one.path)
