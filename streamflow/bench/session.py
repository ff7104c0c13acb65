"""One session of the benchmark: a platform of its own, one log, every measure, one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streamflow.bench.backtests import backtests
from streamflow.bench.calibration import calibration
from streamflow.bench.contract_engines import contract_engines
from streamflow.bench.detectors.late_log import SHARE, with_late
from streamflow.bench.detectors.section import detectors
from streamflow.bench.engine import engine
from streamflow.bench.footprint import METHOD as FOOTPRINT
from streamflow.bench.footprint import memory, start_up
from streamflow.bench.gate import gate_errors
from streamflow.bench.latency import latency, only_purchases
from streamflow.bench.measures import Measure, Report, Section
from streamflow.bench.parts import ON_JOBS, PARTS, check_parts
from streamflow.bench.promotion import promotion
from streamflow.bench.quality import quality
from streamflow.bench.throughput import throughput
from streamflow.contracts import Catalogue
from streamflow.contracts.released import newest_released
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.errors import InputError
from streamflow.generator.producer import ensure_topics, produce
from streamflow.generator.runs import plan_run
from streamflow.generator.simulation import Simulation
from streamflow.replay.rule_topic import publish_records
from streamflow.rules.book import RuleBook
from streamflow.rules.model import Role
from streamflow.rules.publication import BEGINNING_US, rule_set_record
from streamflow.settings import load_settings
from streamflow.stack.platform import Platform
from streamflow.warehouse.migrations import migrate
from streamflow.warehouse.speed import measure as measure_transforms

if TYPE_CHECKING:
    from streamflow.jobs.submission import FlinkClient
    from streamflow.settings import Settings

FOLDER = ".streamflow-bench"
TRANSFORMS = (
    "Bronze holds what the throughput and latency runs left. Each transform builds its layer from nothing; its "
    "baseline is a plain INSERT ... SELECT of the same source rows, over the same foreign table, into a temporary "
    "table with the same key. The baseline does less: no types, no keys looked up, no history, no audit."
)


@dataclass(frozen=True)
class Variant:
    """What is particular about a log and its rules.

    Attributes:
        shadows: Rule sets that run beside the live one.
        late: Share of purchases held back until they are late.
    """

    shadows: tuple[str, ...] = ()
    late: float = 0.0


PLAIN_LOG = Variant()
VARIANTS = {
    "rule set 1.0.0 in its shadow": Variant(shadows=("1.0.0",)),
    f"{SHARE:.0%} of them held back, most until they are late": Variant(late=SHARE),
}


@dataclass(frozen=True)
class BenchPlan:
    """What to measure.

    Attributes:
        purchases: Length of the log that the jobs read.
        runs: Rounds that count.
        parts: Of `PARTS`.
        rule_set: The version that the detector runs; the newest released one when None.
    """

    purchases: int = 300_000
    runs: int = 3
    parts: Sequence[str] = tuple(PARTS)
    rule_set: str | None = None


def run(
    settings: Settings,
    plan: BenchPlan,
    client: Callable[[Settings], FlinkClient],
    say: Callable[[str], None],
    command: str,
) -> Report:
    """Measure on a platform of the benchmark's own, which is removed afterwards.

    Args:
        settings: Of the checkout; another state directory and free ports are used.
        plan: What to measure.
        client: Makes the `flink` command of a platform.
        say: Told what is being done.
        command: How a reader repeats this.

    Raises:
        InputError: An unknown part, or numbers out of range.
    """
    check_parts(plan.parts)
    if plan.purchases < 10_000 or plan.runs < 1:
        raise InputError(
            "The benchmark needs at least 10,000 purchases and one run, else it measures the start of jobs."
        )
    report = Report(command, [])
    if set(ON_JOBS) & set(plan.parts):
        _on_jobs(settings, plan, client, say, report)
    if "contracts" in plan.parts:
        report.sections.extend(contract_engines(settings, plan.runs, say))
    if "calibration" in plan.parts:
        report.sections.append(calibration(plan.runs, say))
    report.sections.extend(_alone(settings, plan, say))
    return report


def _alone(settings: Settings, plan: BenchPlan, say: Callable[[str], None]) -> Iterator[Section]:
    """Yield the sections that need no server."""
    if "engine" in plan.parts:
        yield engine(settings, plan.runs, say)
    if "backtest" in plan.parts:
        yield backtests(settings, plan.runs, say)
    if "quality" in plan.parts:
        yield quality(settings, say)
    if "gate" in plan.parts:
        yield gate_errors(say)


def _on_jobs(
    settings: Settings,
    plan: BenchPlan,
    client: Callable[[Settings], FlinkClient],
    say: Callable[[str], None],
    report: Report,
) -> None:
    """Add the sections that need the jobs, measured on a platform of their own."""
    own = load_settings(root=settings.root, home=settings.root / FOLDER)
    platform = Platform(own)
    try:
        starts: list[Measure] = []
        if "footprint" in plan.parts:
            starts = start_up(platform, plan.runs, say)
            # Airflow's own work must not be part of the other figures.
            platform.down(purge=True)
        own = platform.up(without={"airflow"})
        _fill(own, plan, say)
        report.sections.extend(_on_log(own, plan, client, say))
        if {"latency", "transforms", "footprint"} & set(plan.parts):
            section = latency(own, client(own), plan.runs, say)
            if "latency" in plan.parts:
                report.sections.append(section)
        if "transforms" in plan.parts:
            report.sections.append(_transforms(own, plan.runs, say))
        if "footprint" in plan.parts:
            own = platform.up()
            report.sections.append(Section("Start-up and memory", FOOTPRINT, [*starts, *memory(own)]))
        if "detectors" in plan.parts:
            for note, variant in VARIANTS.items():
                platform.down(purge=True)
                own = platform.up(without={"airflow", "postgres"})
                _fill(own, plan, say, variant)
                report.sections.append(detectors(own, client(own), plan.purchases, plan.runs, say, note=note))
    finally:
        platform.down(purge=True)


def _on_log(
    own: Settings, plan: BenchPlan, client: Callable[[Settings], FlinkClient], say: Callable[[str], None]
) -> Iterator[Section]:
    """Yield the sections that only read the log."""
    if "throughput" in plan.parts:
        yield throughput(own, client(own), plan.purchases, plan.runs, say)
    if "detectors" in plan.parts:
        yield detectors(own, client(own), plan.purchases, plan.runs, say)
    if "promotion" in plan.parts:
        yield promotion(own, client(own), say)


def _fill(settings: Settings, plan: BenchPlan, say: Callable[[str], None], variant: Variant = PLAIN_LOG) -> None:
    """Publish the rules and send the log."""
    if settings.postgres.host:
        migrate(settings)
    ensure_topics(settings, Catalogue.load(settings.contracts_dir))
    versions: dict[str, Role] = {plan.rule_set or newest_released(settings.contracts_dir, "fraud_rules"): "live"}
    versions |= dict.fromkeys(variant.shadows, "shadow")
    book, horizons = RuleBook.from_records([]), load_horizons(settings.contracts_dir)
    for version, role in versions.items():
        rule_set = load_rule_set(version, settings.contracts_dir)
        record = rule_set_record(book, rule_set, horizons, role=role, effective_from_us=BEGINNING_US, reached_us=None)
        if record is not None:
            publish_records(settings.kafka.require(), [record])
            book = book.with_record(record)
    simulation = Simulation(plan_run(settings, purchases=plan.purchases, days=10, seed=7, fault_rate=0.0))
    emissions = only_purchases(simulation.emissions(), plan.purchases)
    produced = produce(settings, with_late(emissions, variant.late) if variant.late else emissions)
    say(f"sent {sum(produced.counts.values()):,} purchases")


def _transforms(settings: Settings, runs: int, say: Callable[[str], None]) -> Section:
    speeds = measure_transforms(settings, runs)
    measures = []
    for number, speed in enumerate(speeds):
        baseline = speeds[number + 1].name if number % 2 == 0 else ""
        say(f"{speed.name} {speed.rows_per_second:,.0f} rows/s")
        note = f"{speed.rows:,} rows"
        measures.append(Measure(speed.name, "rows/s", [rows / s for rows, s in speed.taken], baseline, note))
    return Section("Transforms", TRANSFORMS, measures)
