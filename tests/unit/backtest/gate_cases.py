"""Backtests made by hand: who bought when, what was fraud, and what two rule sets made of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from streamflow.backtest.scored import Backtest, Origin, Period, Purchases, Scored, Training
from streamflow.contracts.calibrations import Calibration, Figure, Notebook, Source, new_calibration
from streamflow.contracts.rule_sets import RULES, RuleSet, load_rule_set
from streamflow.datasets.table import Bools
from streamflow.settings import Settings, load_settings

DAY_US = 86_400_000_000
START_US = 1_772_323_200_000_000  # 2026-03-01
DAYS = 60
A_DAY = 500
CUSTOMERS = 1000
DELAY_DAYS = 7
FRAUD_EVERY = 25
SHA = "a" * 64
OTHER_SHA = "b" * 64


def rule_set(version: str, **changes: Any) -> RuleSet:
    """Return rule set 1.0.0 under another version."""
    return msgspec.structs.replace(load_rule_set("1.0.0"), version=version, **changes)


def purchases(sha256: str = SHA, fraud_every: int = FRAUD_EVERY) -> Purchases:
    """Return 500 purchases a day for 60 days, one in `fraud_every` of them fraud; labels come after seven days.

    ```
    day  0 ............................ 53 ........ 60
         labels are mature               not yet
    ```
    """
    rows = DAYS * A_DAY
    event_us = START_US + np.arange(rows, dtype=np.int64) * (DAY_US // A_DAY)
    fraud = np.arange(rows) % fraud_every == 1
    # Frauds are reported after a day or two, everything else counts as none after the delay.
    known_us = np.where(fraud, event_us + 36 * 3_600_000_000, event_us + DELAY_DAYS * DAY_US)
    return Purchases(
        origin=Origin("file", "shop.csv", sha256, rows),
        event_us=event_us,
        amount_minor=np.full(rows, 1000, dtype=np.int64) + np.where(fraud, np.arange(rows) % 7 * 1000, 0),
        fraud=fraud,
        known_us=known_us,
        customer=np.random.default_rng(1).integers(0, CUSTOMERS, rows),
        customers=[f"c-{number}" for number in range(CUSTOMERS)],
        merchant=None,
        merchants=(),
        as_of_us=START_US + DAYS * DAY_US - 1,
    )


def scored(of: RuleSet, alert: Bools) -> Scored:
    """Return a rule set that alerts on the chosen purchases, by its first rule alone."""
    weight = np.where(alert, of.alert_threshold_ulo - of.prior_ulo, 0).astype(np.int32)
    silent = np.zeros(len(alert), dtype=np.int32)
    weights = {rule: weight if rule == RULES[0] else silent for rule in RULES}
    return Scored(of, of.prior_ulo + weight.astype(np.int64), weights)


def catches(of: Purchases, share: float) -> Bools:
    """Return alerts on about that share of the frauds and on nothing else; a larger share catches the same and more."""
    return np.asarray(of.fraud & (np.random.default_rng(2).random(len(of)) < share))


def backtest(
    candidate: Bools | float = 0.6,
    live: Bools | float | None = 0.6,
    *,
    of: Purchases | None = None,
    new: RuleSet | None = None,
    training: Training | None = None,
    from_day: int = 0,
) -> Backtest:
    """Return a backtest of 2.0.0 against 1.0.0; numbers are shares of the frauds that each alerts on."""
    rows = purchases() if of is None else of

    def alerts(chosen: Bools | float) -> Bools:
        return catches(rows, chosen) if isinstance(chosen, float) else chosen

    return Backtest(
        rows,
        scored(new or rule_set("2.0.0"), alerts(candidate)),
        Period(START_US + from_day * DAY_US, START_US + DAYS * DAY_US),
        None if live is None else scored(rule_set("1.0.0"), alerts(live)),
        training,
    )


def settings_for(folder: Path, gate: Mapping[str, float] | None = None) -> Settings:
    """Return settings whose state is in a folder of the test's own, without any calibration but those in it."""
    (folder / "contracts" / "calibrations").mkdir(parents=True, exist_ok=True)
    settings = load_settings(root=folder, **({"gate": dict(gate)} if gate else {}))
    return settings.model_copy(update={"home": folder / "state"})


def calibration(
    *, sha256: str, until_us: int | None = None, kind: str = "file", budget: float | None = None
) -> Calibration:
    """Return a calibration of 2.0.0 that says, or does not say, where its training ended."""
    prior = Figure(
        value=-7_000_000,
        unit="micro log-odds",
        status="measured" if kind == "file" else "simulated",
        method="by hand",
        source="data",
        n=1000,
        interval=[-7_100_000, -6_900_000],
        reason="" if kind == "file" else "made by hand",
    )
    figures = {"rules.prior_ulo": prior}
    if until_us is not None:
        figures["training.data.until_us"] = msgspec.structs.replace(
            prior, value=until_us, interval=[until_us, until_us]
        )
    return new_calibration(
        dataset="own",
        rule_set="2.0.0",
        generator="1.0.0",
        package="0",
        notebook=Notebook(
            path="notebooks/calibrate.ipynb",
            sha256="0" * 64,
            parameters={} if budget is None else {"alert_budget": budget},
        ),
        sources={"data": Source(kind=kind, name="shop.csv", sha256=sha256, rows=DAYS * A_DAY)},  # type: ignore[arg-type]
        figures=figures,
    )


def write(found: Calibration, settings: Settings) -> None:
    """Put a calibration on file."""
    path = settings.contracts_dir / "calibrations" / f"{found.id}.json"
    path.write_text(found.text(), encoding="utf-8")
