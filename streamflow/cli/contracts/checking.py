"""`streamflow contracts check` and `build`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from streamflow.cli.contracts.shell import AsJson, load_catalogue


def check(as_json: AsJson = False) -> None:
    """Read every contract strictly, try its examples, and hold released files and migrations against it.

    Example: streamflow contracts check
    """
    from streamflow.contracts.build import unmigrated
    from streamflow.contracts.calibrations import calibration_ids, load_calibration
    from streamflow.contracts.examples import try_examples
    from streamflow.contracts.released import differences
    from streamflow.contracts.releasing import calibration_faults
    from streamflow.contracts.rule_sets import check_horizons, load_horizons, load_rule_set, rule_set_versions
    from streamflow.contracts.side_by_side import conflicts
    from streamflow.generator.parameters import load_parameters
    from streamflow.settings import settings

    root = settings().contracts_dir
    catalogue = load_catalogue()
    datasets = list(catalogue.datasets())
    tried = try_examples(catalogue)
    horizons = load_horizons(root)
    versions = rule_set_versions(root)
    for version in versions:
        check_horizons(load_rule_set(version, root), horizons)
    worlds = [load_parameters(path) for path in sorted((root / "generator").glob("[0-9]*.yaml"))]
    calibrations = [load_calibration(one, root) for one in calibration_ids(root)]
    lacking = unmigrated(catalogue, settings().root)
    faults = [*tried.faults, *conflicts(catalogue), *calibration_faults(root), *differences(root), *lacking]
    counts = {
        "contracts": len(datasets),
        "checks": sum(len(dataset.checks) for dataset in datasets),
        "valid examples": tried.valid,
        "invalid examples": tried.invalid,
        "rule sets": len(versions),
        "generator parameters": len(worlds),
        "calibrations": len(calibrations),
    }
    if as_json:
        typer.echo(json.dumps({"counts": counts, "faults": faults}, indent=2))
    else:
        typer.echo(", ".join(f"{number} {name}" for name, number in counts.items()))
        for fault in faults:
            typer.echo(fault)
    if faults:
        raise typer.Exit(1)


def build(
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a generated file is stale.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compile the contracts into models, names, schemas and tables; say what engines and migrations leave out.

    Example: streamflow contracts build --check
    """
    from collections import Counter

    from streamflow.contracts.build import MEND, compile_all, stale, unmigrated, write
    from streamflow.contracts.rule_pages import mend
    from streamflow.errors import StreamFlowError
    from streamflow.settings import settings

    catalogue = load_catalogue()
    built = compile_all(catalogue)
    lacking = unmigrated(catalogue, settings().root)
    changed = stale(built, settings().root) if check_only else write(built, settings().root)
    changed += mend(settings().root, check_only=check_only)
    if check_only and changed:
        raise StreamFlowError(f"{', '.join(changed)} does not match the contracts; run '{MEND}'.")
    if as_json:
        left = {
            engine: [{"check": u.check.id, "reason": u.reason} for u in all_]
            for engine, all_ in built.untranslated.items()
        }
        typer.echo(json.dumps({"written": changed, "untranslated": left, "unmigrated": lacking}, indent=2))
        return
    for path in changed:
        typer.echo(f"wrote {path}")
    for engine, all_ in built.untranslated.items():
        for (kind, reason), number in Counter((u.check.kind, u.reason) for u in all_).items():
            typer.echo(f"{engine} leaves {number} '{kind}' checks: {reason}")
    for sentence in lacking:
        typer.echo(sentence)
