"""What `generate` and `produce` share: emissions to a file or to Kafka, with a progress bar and a closing table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from streamflow.generator.records import Emission
    from streamflow.settings import Settings

Details = Callable[[], dict[str, Any]]


def deliver(
    settings: Settings,
    emissions: Iterator[Emission],
    *,
    out: Path | None,
    rate: float | None,
    speed: float | None,
    total: int | None,
    details: Details,
    as_json: bool,
) -> dict[str, Any]:
    """Send or write emissions and print what happened.

    Args:
        settings: Where the broker and the contracts are.
        emissions: In log order.
        out: A file; None sends to Kafka.
        rate: Purchases a second.
        speed: Multiple of event time.
        total: Purchases to expect, for the bar.
        details: More for the outcome, asked at the end; values that are mappings become rows of the table.
        as_json: JSON in place of a table.

    Returns:
        The outcome: records by topic, offsets, details.
    """
    from streamflow.contracts import Catalogue
    from streamflow.generator import emission_files
    from streamflow.generator.pacing import Pace
    from streamflow.generator.producer import ensure_topics, produce

    by_topic: Counter[str] = Counter()
    outcome: dict[str, Any] = {"interrupted": False}
    with _Bar(total, visible=not as_json) as bar:

        def count(emission: Emission) -> None:
            by_topic[emission.topic] += 1
            bar.advance(emission)

        if out is not None:
            try:
                emission_files.write(out, emissions, count)
            except KeyboardInterrupt:
                outcome["interrupted"] = True
            outcome |= {"file": str(out), "records": dict(sorted(by_topic.items()))}
        else:
            pace = Pace(rate, speed)
            log_ids = ensure_topics(settings, Catalogue.load(settings.contracts_dir))
            produced = produce(settings, emissions, pace=pace, on_emission=count)
            outcome["interrupted"] = produced.interrupted
            outcome["records"] = dict(sorted(produced.counts.items()))
            outcome["last_offsets"] = {f"{t}/{p}": offset for (t, p), offset in sorted(produced.last_offsets.items())}
            outcome["log_ids"] = {topic: log_ids[topic] for topic in outcome["records"]}
    outcome |= details()
    if as_json:
        typer.echo(json.dumps(outcome, sort_keys=True))
    else:
        _table(outcome)
    return outcome


class _Bar:
    """A progress bar on stderr, of purchases; silent where nobody watches."""

    def __init__(self, total: int | None, *, visible: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("purchases"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not (visible and console.is_terminal),
            transient=True,
        )
        self._task = self._progress.add_task("purchases", total=total)
        self._pending = 0

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.update(self._task, advance=self._pending)
        self._progress.stop()

    def advance(self, emission: Emission) -> None:
        """Count an emission; the bar is drawn every 500 purchases, because drawing costs more than sending."""
        from streamflow.contracts.names import TRANSACTIONS_RAW

        self._pending += emission.topic == TRANSACTIONS_RAW
        if self._pending >= 500:
            self._progress.update(self._task, advance=self._pending)
            self._pending = 0


def _table(outcome: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "value", box=None, pad_edge=False)
    for name, value in outcome.items():
        if name in {"interrupted", "log_ids"}:
            continue
        if isinstance(value, dict):
            for inner, figure in value.items():
                table.add_row(f"{name}: {inner}", f"{figure:,}" if isinstance(figure, int) else str(figure))
        else:
            table.add_row(name, str(value))
    if outcome["interrupted"]:
        table.add_row("interrupted", "yes; what is counted here was delivered")
    Console().print(table)
