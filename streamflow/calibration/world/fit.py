"""From a table to generator parameters: what the table identifies is measured, the rest carries over and says why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from streamflow.calibration.world.amounts import amount_figures
from streamflow.calibration.world.behaviour import behaviour_figures
from streamflow.calibration.world.evidence import CHOICE, PUBLICATION, Findings, Prepared
from streamflow.calibration.world.fraud import fraud_figures
from streamflow.calibration.world.rhythm import rhythm_figures
from streamflow.contracts.calibrations import Figure, Source, rounded
from streamflow.datasets.table import PurchaseTable
from streamflow.errors import InputError
from streamflow.generator.parameters import Parameters

OBSERVED = "observed."
"""Prefix of figures that no parameter expresses: evidence, and baselines for fidelity and drift."""

LEAST_ROWS = 1000
NOT_FIGURES = {"version", "figures", "calibration"}


def generator_figures(table: PurchaseTable, base: Parameters, seed: int) -> dict[str, Figure]:
    """Estimate every generator parameter that a table identifies.

    Args:
        table: Labelled purchases.
        base: What the rest carries over from.
        seed: Of resamples and of the samples that large fits are done on.

    Returns:
        Figures by path of the parameter file, as `amounts.margin`, those that carry over included, and by
        `observed.<name>` for statistics that no parameter expresses. Their sources are the keys of
        `generator_sources`.

    Raises:
        InputError: The table has too few rows for any of it.
    """
    if len(table) < LEAST_ROWS:
        raise InputError(
            f"{table.source.name} has {len(table)} purchases; generator parameters need at least {LEAST_ROWS}."
        )
    rows, found = Prepared(table), Findings(table)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    amount_figures(found, rows, base)
    rhythm_figures(found, rows, base, rng)
    behaviour_figures(found, rows, base, rng)
    fraud_figures(found, rows)
    _missing(found)
    carried = {path: _carried(path, value, base, found) for path, value in parameter_values(base)}
    return dict(sorted((carried | found.figures).items()))


def generator_sources(table: PurchaseTable, base: Parameters) -> dict[str, Source]:
    """Return the sources that `generator_figures` names, by their keys."""
    return {
        "data": table.source,
        CHOICE: Source(kind="choice", name="chosen by us"),
        PUBLICATION: Source(
            kind="publication",
            name="published figures",
            detail=f"named a figure in generator parameters {base.version}",
        ),
    }


def parameter_values(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    """Yield path and value of every figure that a parameter file states."""
    plain = parameters.model_dump(mode="json", exclude=NOT_FIGURES)
    for name, group in plain.items():
        if not isinstance(group, dict):
            yield name, group
            continue
        for part, value in group.items():
            path = f"{name}.{part}"
            if value is not None and (path in parameters.figures or path != "customers.even"):
                yield path, value


def generator_parameters(base: Parameters, figures: Mapping[str, Figure], version: str | None = None) -> Parameters:
    """Return the base with the values of some figures in place of its own.

    Args:
        base: The parameters to begin with.
        figures: By path; `observed.` ones are left aside.
        version: Of the result; the base's when not given.

    Raises:
        ValidationError: A value is out of its range.
    """
    plain = base.model_dump(mode="json")
    provenance = dict(plain["figures"])
    for path, figure in figures.items():
        if path.startswith(OBSERVED):
            continue
        group, _, name = path.partition(".")
        if name:
            plain[group][name] = rounded(figure.value)
        else:
            plain[group] = figure.value
        provenance[path] = {"status": figure.status, "source": figure.reason or figure.method}
    return Parameters.model_validate(plain | {"figures": provenance, "version": version or base.version})


def _missing(found: Findings) -> None:
    """Note which share of a source's rows lacks a value, by column."""
    for column, share in sorted(found.table.missing.items()):
        rows = len(found.table)
        spread = 1.96 * float(np.sqrt(share * (1 - share) / rows))
        found.add(
            f"{OBSERVED}missing.{column}",
            share,
            unit="share of rows",
            method="weighted rows without a value",
            n=rows,
            interval=[max(0.0, share - spread), min(1.0, share + spread)],
        )


def _carried(path: str, value: Any, base: Parameters, found: Findings) -> Figure:
    """Return a figure of the base as it stands, with the reason why it was not measured here."""
    known = base.figures.get(path)
    told = known.source if known is not None else "the default"
    why = found.unknown.get(path, "not identifiable: no column of the table speaks of it")
    anchored = known is not None and known.status == "anchored"
    if known is not None and known.status in ("measured", "simulated"):
        told = f"{known.status} for generator parameters {base.version}, carried over: {told}"
    return Figure(
        value=value,
        unit="as in contracts/generator",
        status="anchored" if anchored else "assumed",
        method=f"carried over from generator parameters {base.version}",
        source=PUBLICATION if anchored else CHOICE,
        reason=f"{told}; {why}",
    )


def generator_document(base: Parameters, figures: Mapping[str, Figure], version: str, calibration_id: str) -> str:
    """Write the contract file of generator parameters.

    Args:
        base: The parameters that the figures were estimated against.
        figures: By path; the calibration keeps the full evidence, the file has values, statuses and short sources.
        version: The file's version.
        calibration_id: Id of the calibration that the figures are in.

    Returns:
        Text that `load_parameters` reads back as `generator_parameters`; the same input gives the same text.
    """
    order = [path for path, _ in parameter_values(generator_parameters(base, figures))]
    lines = [
        "# What the simulated world is like. Every figure carries a status: assumed (chosen, with a reason), anchored",
        "# (near a published figure, with its source), measured (on real rows) or simulated (on generated rows).",
        f"# Intervals and methods stand in calibration {calibration_id}.",
        f"version: {version}",
        f"calibration: {calibration_id}",
        "figures:",
    ]
    group = ""
    for path in order:
        before, _, name = path.partition(".")
        if name and before != group:
            lines += ["", f"  {before}:"]
        group = before if name else ""
        lines.append(f"  {'  ' if name else ''}{name or before}: {_entry(figures[path])}")
    return "\n".join(lines) + "\n"


def _entry(figure: Figure) -> str:
    """Return a figure as one line of flow YAML."""
    parts = [f"value: {_flow(rounded(figure.value))}", f"status: {figure.status}"]
    if figure.status in ("measured", "simulated"):
        parts += [f"source: {json.dumps(figure.method, ensure_ascii=False)}", f"n: {figure.n}"]
    else:
        word = "source" if figure.status == "anchored" else "reason"
        parts.append(f"{word}: {json.dumps(figure.reason, ensure_ascii=False)}")
    return "{" + ", ".join(parts) + "}"


def _flow(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, float):
        return f"{value:.10g}"
    return json.dumps(value, ensure_ascii=False)
