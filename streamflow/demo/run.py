"""The demonstration, step by step, on the real servers. Each step waits for a fact, never for a while."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.released import newest_released
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.demo.figures import Figures, collect
from streamflow.demo.steps import Steps
from streamflow.errors import InputError, Interrupted, StreamFlowError
from streamflow.generator.pacing import Pace
from streamflow.generator.producer import Produced, ensure_topics, produce
from streamflow.generator.records import Emission
from streamflow.generator.runs import emissions_with_truth, plan_run
from streamflow.generator.simulation import Simulation
from streamflow.jobs.progress import end_offsets, wait_drained
from streamflow.jobs.submission import FlinkClient, submit
from streamflow.quality.report import VerifyReport
from streamflow.replay.rule_topic import publish_records
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import RuleBook, parse_time
from streamflow.rules.publication import entry_record, rule_set_record
from streamflow.settings import Settings, load_settings
from streamflow.stack.layout import Layout
from streamflow.stack.platform import Platform
from streamflow.stack.toolchain import flink_bin, flink_env

MARKER = "marker.json"
DRAIN_S = 900.0
DAG_S = 300.0
DAGS = ("bronze_to_silver", "silver_to_gold", "data_quality", "maintenance")


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What the demonstration generates.

    Attributes:
        purchases: Distinct valid purchases.
        days: Simulated days of full traffic; a tail follows in which the labels arrive.
        seed: The same seed gives the same bytes.
        rate: Purchases a second, wall clock; below what the jobs can take, so that latency means something.
        rule_set: The version that decides; the newest released one when None.
        airflow: Whether Airflow runs the DAGs; without it the same code runs in this process.
    """

    purchases: int = 100_000
    days: int = 5
    seed: int = 7
    rate: float = 2000.0
    rule_set: str | None = None
    airflow: bool = True


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a run left behind."""

    plan: DemoPlan
    settings: Settings
    figures: Figures
    verified: VerifyReport
    produced: Produced
    generated: dict[str, int]
    steps: Steps
    folder: Path


def folder(settings: Settings) -> Path:
    """Where a demonstration keeps its truth file and report: beside the platform, never inside it."""
    return settings.state / "demo"


def _ends(settings: Settings) -> dict[str, int]:
    return {f"{topic}/{partition}": end for (topic, partition), end in sorted(end_offsets(settings).items())}


def _left_by_demo(settings: Settings, marker: Path) -> bool:
    """Tell whether the platform holds what a demonstration sent, finished or interrupted, and nothing since."""
    if not marker.exists():
        return False
    known: dict[str, int] | None = json.loads(marker.read_text(encoding="utf-8"))
    if known is None:
        return True
    Platform(settings).up(without={"airflow"})
    return _ends(load_settings(root=settings.root, home=settings.home)) == known


def _start_fresh(platform: Platform) -> Path:
    """Remove what an earlier demonstration left, and nothing else; return the folder of this one.

    Raises:
        InputError: The platform holds records that no demonstration made.
    """
    settings = platform.settings
    home = folder(settings)
    if Layout.of(settings).kafka.exists() and not _left_by_demo(settings, home / MARKER):
        raise InputError(
            f"The platform in {settings.state} holds records that no demonstration made: run the demonstration "
            f"beside it (STREAMFLOW_HOME=.streamflow-demo), or remove them with 'streamflow down --purge'."
        )
    platform.down(purge=True)
    home.mkdir(parents=True, exist_ok=True)
    # Until the end offsets are known, an interrupted demonstration may be cleared away.
    (home / MARKER).write_text("null", encoding="utf-8")
    return home


def _publish(settings: Settings, simulation: Simulation, version: str) -> None:
    """Publish the rule set, and as blacklist entries the notices that the simulated world gives out."""
    book = RuleBook.from_records([])
    rule_set = load_rule_set(version, settings.contracts_dir)
    record = rule_set_record(
        book, rule_set, load_horizons(settings.contracts_dir), role="live", effective_from_us=None, reached_us=None
    )
    records = [record] if record is not None else []
    for notice in simulation.notices():
        from_us = parse_time(notice["valid_from"], "valid_from")
        name = f"{notice['merchant_id']}:notice"
        entry = Entry(name, notice["merchant_id"], from_us, None, from_us, notice["reason"], "manual", None)
        records.append(entry_record(book, entry, None))
    publish_records(settings.kafka.require(), [dict(one) for one in records])


def _produce(settings: Settings, emissions: list[Emission], plan: DemoPlan, console: Console) -> Produced:
    with Progress(
        TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as bar:
        task = bar.add_task("records", total=len(emissions))
        sent = 0

        def count(_: Emission) -> None:
            nonlocal sent
            sent += 1
            if sent % 500 == 0:
                bar.update(task, completed=sent)

        produced = produce(settings, emissions, pace=Pace(rate=plan.rate), on_emission=count)
        bar.update(task, completed=sent)
    if produced.interrupted:
        raise KeyboardInterrupt
    return produced


def _transform(settings: Settings, airflow: bool, step: Callable[[str], None]) -> None:
    """Run the DAGs on Airflow, or what they call when the platform runs without it."""
    if airflow:
        from streamflow.stack.airflow_api import AirflowApi

        with AirflowApi(settings) as api:
            for dag in DAGS:
                step(dag)
                api.complete(dag, DAG_S)
        return
    from streamflow.quality.run import run_quality
    from streamflow.warehouse import maintenance
    from streamflow.warehouse.transforms import bronze_to_silver, silver_to_gold

    for transform in (bronze_to_silver, silver_to_gold):
        step(transform.__name__)
        transform(settings, "demo")
    step("data_quality")
    if failures := run_quality(settings, "demo").failures:
        raise StreamFlowError(f"The quality gate is closed: {failures[0]}")
    step("maintenance")
    maintenance.run(settings)


def run(settings: Settings, plan: DemoPlan, console: Console) -> DemoResult:
    """Run the whole path once; see `_run`.

    Raises:
        Interrupted: Ctrl-C; what runs by then goes on running.
        StreamFlowError: A step failed; the sentence says which part and what to look at.
    """
    try:
        return _run(settings, plan, console)
    except KeyboardInterrupt:
        raise Interrupted(
            "Interrupted: what was started still runs; 'make demo' begins anew, 'make down' stops everything."
        ) from None


def _run(settings: Settings, plan: DemoPlan, console: Console) -> DemoResult:
    """Run the whole path once.

    Args:
        settings: Of the local platform; it is started here.
        plan: What to generate.
        console: Where the steps are shown.

    Returns:
        Figures, checks and where the files are.

    Raises:
        StreamFlowError: A step failed; the sentence says which part and what to look at.
    """
    from streamflow.quality.verify import verify
    from streamflow.warehouse import counts
    from streamflow.warehouse.migrations import migrate

    version = plan.rule_set or newest_released(settings.contracts_dir, "fraud_rules")
    plan = replace(plan, rule_set=version)
    steps = Steps(console)
    with steps.step("remove what an earlier demonstration left"):
        platform = Platform(settings)
        home = _start_fresh(platform)
    with steps.step("start Kafka, Flink, PostgreSQL" + (" and Airflow" if plan.airflow else "")):
        settings = platform.up(without=() if plan.airflow else {"airflow"})
    truth = home / "truth.jsonl"
    with steps.step("create tables and topics"):
        migrate(settings)
        ensure_topics(settings, Catalogue.load(settings.contracts_dir))
    simulation = Simulation(plan_run(settings, purchases=plan.purchases, days=plan.days, seed=plan.seed))
    with steps.step(f"publish rule set {version} and the blacklist"):
        _publish(settings, simulation, version)
    with steps.step("submit the three jobs"):
        submit(settings, FlinkClient(flink_bin(settings), flink_env(settings)))
    # Before the first is sent: simulating takes a core that the jobs need, and latency would show it.
    with steps.step(f"simulate {plan.days} days"):
        emissions = list(emissions_with_truth(simulation, truth))
    with steps.step(f"send purchases, {plan.rate:g} a second", quiet=True):
        produced = _produce(settings, emissions, plan, console)
    with steps.step("wait until the jobs have taken in everything"):
        wait_drained(settings, DRAIN_S)
    (home / MARKER).write_text(json.dumps(_ends(settings), sort_keys=True), encoding="utf-8")
    with steps.step("fill silver and gold, check, maintain" + (" (Airflow)" if plan.airflow else "")):
        _transform(settings, plan.airflow, lambda name: console.print(f"    {name}", style="dim"))
    with steps.step("verify"):
        verified = verify(settings, truth)
    with steps.step("collect the figures"):
        figures = collect(settings, truth, counts(settings))
    generated = {name: int(count) for name, count in sorted(simulation.counts.items())}
    return DemoResult(plan, settings, figures, verified, produced, generated, steps, home)
