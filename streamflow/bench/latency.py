"""From the moment a purchase is produced to the moment its alert is sent, with all three jobs at work."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from itertools import islice

from streamflow.bench.measures import Measure, Section
from streamflow.broker import Offsets
from streamflow.contracts.names import FRAUD_ALERTS, TRANSACTIONS_RAW
from streamflow.errors import StreamFlowError
from streamflow.generator.pacing import Pace
from streamflow.generator.producer import produce
from streamflow.generator.records import Emission
from streamflow.generator.runs import plan_run
from streamflow.generator.simulation import Simulation
from streamflow.jobs.progress import end_offsets, wait_drained
from streamflow.jobs.submission import FlinkClient, submit
from streamflow.settings import Settings

RATE = 2000.0
SECONDS = 45
FRAUD_RATE = 0.05
"""More than usual: a calibrated rule set alerts on less than one in a thousand, too few for a 99th percentile."""
STARTS = ("2026-02-02", "2026-02-16", "2026-03-02", "2026-03-16", "2026-03-30")
"""Each run lies behind the one before in event time."""
METHOD = (
    f"All three jobs run; generated purchases with the usual faults, {FRAUD_RATE:.0%} of them fraud so that there are "
    f"alerts enough, are sent at {RATE:,.0f} a second for {SECONDS} s. Latency is the difference of two stamps of this "
    "machine's clock: a header that the producer puts on the purchase, and one that the detector puts on the alert as "
    "it hands it to Kafka. "
    "Percentiles are of one run; medians of runs."
)


def only_purchases(emissions: Iterator[Emission], count: int) -> Iterator[Emission]:
    """Yield the first so many records of transactions.raw."""
    return islice((one for one in emissions if one.topic == TRANSACTIONS_RAW), count)


def latency(settings: Settings, client: FlinkClient, runs: int, say: Callable[[str], None]) -> Section:
    """Measure alert latency; the three jobs are submitted here and left running.

    Raises:
        StreamFlowError: A run gave too few alerts for percentiles.
    """
    if runs > len(STARTS):
        raise StreamFlowError(f"There are start days for {len(STARTS)} runs of the latency, not for {runs}.")
    submit(settings, client)
    shares: dict[str, list[float]] = {"p50": [], "p95": [], "p99": []}
    alerts = []
    for number in range(runs):
        plan = plan_run(
            settings,
            purchases=int(RATE * SECONDS),
            days=5,
            seed=20 + number,
            fraud_rate=FRAUD_RATE,
            start=STARTS[number],
        )
        before = end_offsets(settings, [FRAUD_ALERTS])
        simulation = Simulation(plan)
        produce(settings, only_purchases(simulation.emissions(), plan.purchases), pace=Pace(rate=RATE))
        wait_drained(settings)
        found = _latencies_ms(settings, before, end_offsets(settings, [FRAUD_ALERTS]))
        if len(found) < 100:
            raise StreamFlowError(f"Run {number + 1} of the latency gave {len(found)} alerts; percentiles need 100.")
        cuts = statistics.quantiles(found, n=100, method="inclusive")
        for name, cut in (("p50", 49), ("p95", 94), ("p99", 98)):
            shares[name].append(cuts[cut])
        alerts.append(len(found))
        say(f"run {number + 1}: {len(found)} alerts, {cuts[49]:.0f} / {cuts[94]:.0f} / {cuts[98]:.0f} ms (p50/95/99)")
    note = f"{min(alerts):,} to {max(alerts):,} alerts a run"
    measures = [Measure(f"alert latency, {name}", "ms", values, note=note) for name, values in shares.items()]
    return Section(f"Alert latency at {RATE:,.0f} purchases a second", METHOD, measures)


def _latencies_ms(settings: Settings, start: Offsets, end: Offsets) -> list[float]:
    """Read the alerts between offsets; return the latency of each first alert, milliseconds."""
    import msgspec
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka.require(),
            "group.id": "streamflow-bench-latency",
            "enable.auto.commit": False,
        }
    )
    wanted = sum(end[place] - start[place] for place in end)
    found: list[float] = []
    try:
        consumer.assign([TopicPartition(topic, partition, offset) for (topic, partition), offset in start.items()])
        read = 0
        while read < wanted:
            messages = consumer.consume(min(500, wanted - read), 10.0)
            if not messages:
                raise StreamFlowError(f"Kafka gave {read} of {wanted} alerts and then nothing for 10 s.")
            read += len(messages)
            for message in messages:
                headers = dict(message.headers() or [])
                sent, caused = headers.get("produced_at_us"), headers.get("caused_by_us")
                if sent and caused and msgspec.json.decode(message.value() or b"{}").get("revision") == 0:
                    found.append((int(sent) - int(caused)) / 1000)
    finally:
        consumer.close()
    return found
