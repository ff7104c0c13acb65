"""`streamflow backtest`: what a rule set would have alerted on, and what that was worth by the labels known then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streamflow.backtest.evidence import Evidence
    from streamflow.backtest.findings import Findings
    from streamflow.backtest.fitting import Fit
    from streamflow.backtest.run import Progress, Source, Trial
    from streamflow.contracts.calibrations import Calibration
    from streamflow.contracts.rule_sets import RuleSet
    from streamflow.rules.blacklist import Entry
    from streamflow.settings import Settings

app = typer.Typer()

LOG = "table"
"""What stands for the platform's own purchases in place of a file."""
BLACKLISTS = ("learned", "published")


@app.command()
def backtest(
    source: Annotated[str, typer.Argument(help="A labelled file, CSV (also .gz) or Parquet; or the word 'table'.")],
    *,
    mapping: Annotated[Path | None, typer.Option(help="What the file's columns mean.")] = None,
    rules: Annotated[str | None, typer.Option(help="A version on file, or the path of a rule set.")] = None,
    against: Annotated[str | None, typer.Option(help="Another one to compare with.")] = None,
    label_delay: Annotated[float | None, typer.Option(min=0, help="Days until a label is known.")] = None,
    train_from: Annotated[str | None, typer.Option(help="Fit on purchases from this event time on.")] = None,
    train_until: Annotated[str | None, typer.Option(help="Fit rules with the labels known by then.")] = None,
    test_from: Annotated[str | None, typer.Option(help="Judge from this event time on.")] = None,
    test_until: Annotated[str | None, typer.Option(help="Judge up to this event time, exclusive.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Labels known later do not count; the last purchase.")] = None,
    blacklist: Annotated[
        str | None,
        typer.Option(help="'learned' day by day from labels (usual for a file), or 'published' (usual for 'table')."),
    ] = None,
    alert_budget: Annotated[float | None, typer.Option(help="Alerts in 1,000 purchases that can be looked at.")] = None,
    review_cost: Annotated[float, typer.Option(min=0, help="What looking at one alert costs, for a fit.")] = 5.0,
    report: Annotated[Path | None, typer.Option(help="Write a page for a browser.")] = None,
    show_names: Annotated[bool, typer.Option("--show-names", help="Do not mask names of customers.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of every resample.")] = 1,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; one a core if not given.")] = None,
) -> None:
    """Judge a rule set on purchases whose labels are known; a file needs no server.

    Without --rules the newest released rule set is judged; with --train-until one is fitted first, and judged on what
    came afterwards. Times are as 2026-03-01 or 2026-03-01T12:00:00Z.

    Example: streamflow backtest data/sample/purchases.csv.gz --mapping data/mappings/purchases.yaml
    """
    from streamflow.backtest.run import Request, run_backtest
    from streamflow.backtest.workers import usable_cores
    from streamflow.contracts.rule_sets import load_horizons
    from streamflow.settings import settings

    values = settings()
    where, live, entries = _source(values, source, mapping, label_delay)
    train = (_time(train_from, "--train-from"), _time(train_until, "--train-until"))
    fit = _fit(values, train, rules, (alert_budget, review_cost), seed)
    rule_set, calibration = (None, None) if fit else _rule_set(values, rules, live)
    request = Request(
        horizons=load_horizons(values.contracts_dir),
        rule_set=rule_set,
        against=None if against is None else _rule_set(values, against)[0],
        fit=fit,
        test_from_us=_time(test_from, "--test-from"),
        test_until_us=_time(test_until, "--test-until"),
        as_of_us=_time(as_of, "--as-of"),
        # A fit has weighed merchants as labels would have listed them, so that is how it is judged.
        entries=entries if fit is None and _published(source, blacklist) else None,
        jobs=jobs or usable_cores(),
    )
    with _progress(visible=not as_json) as progress:
        tested = run_backtest(where, request, values.state / "scratch", progress)
        findings = _judged(values, tested, calibration, alert_budget, seed, show_names=show_names)
        evidence = _evidence(values, tested, calibration, seed)
        if report is not None:
            from streamflow.backtest.report import write_report

            write_report(tested.backtest, findings, report, currency=values.base_currency)
    _show(values, findings, evidence, report, as_json=as_json)


def _published(source: str, blacklist: str | None) -> bool:
    """Tell whether the entries on the fraud-rules topic are the blacklist, as they are for the stream."""
    from streamflow.errors import nearest

    if blacklist is None:
        return source == LOG
    if blacklist not in BLACKLISTS:
        raise _wrong(f"--blacklist cannot be '{blacklist}'; {nearest(blacklist, BLACKLISTS)}")
    return blacklist == BLACKLISTS[1]


def _wrong(sentence: str) -> Exception:
    from streamflow.errors import InputError

    return InputError(sentence)


def _time(text: str | None, option: str) -> int | None:
    """Return epoch microseconds of an option; a date alone is its midnight, UTC."""
    from streamflow.contracts.timestamps import parse_us

    if text is None:
        return None
    time_us = parse_us(f"{text}T00:00:00Z" if len(text) == 10 else text)
    if time_us is None:
        raise _wrong(f"{option} must be a time as 2026-03-01 or 2026-03-01T12:00:00Z, not '{text}'.")
    return time_us


def _rule_set(values: Settings, named: str | None, live: RuleSet | None = None) -> tuple[RuleSet, Calibration | None]:
    """Return a rule set by its version or its file, and the calibration that lies beside the file of a proposal.

    Args:
        values: Say where the contracts are.
        named: The version, the file, or the folder of a proposal; None for the one that is live, else released last.
        live: The one that is live.
    """
    from streamflow.contracts.calibrations import Calibration
    from streamflow.contracts.proposals import read_proposal
    from streamflow.contracts.released import newest_released
    from streamflow.contracts.rule_sets import RuleSet, load_rule_set
    from streamflow.contracts.subjects import subject_of_file

    root = values.contracts_dir
    if named is None:
        return live or load_rule_set(newest_released(root, "fraud_rules"), root), None
    path = Path(named)
    if path.suffix not in {".yaml", ".yml"} and not path.exists():
        return load_rule_set(named, root), None
    if path.is_dir():
        proposal = read_proposal(path)
        found = next((one.content for one in proposal.subjects if isinstance(one.content, RuleSet)), None)
        if found is None:
            raise _wrong(f"{path} proposes no rule set.")
        return found, proposal.calibrations.get(found.calibration or "")
    content = subject_of_file(path).content
    if not isinstance(content, RuleSet):
        raise _wrong(f"{path} is no rule set.")
    beside = path.resolve().parent.parent / "calibrations" / f"{content.calibration}.json"
    calibration = subject_of_file(beside).content if beside.is_file() else None
    return content, calibration if isinstance(calibration, Calibration) else None


def _fit(
    values: Settings,
    train: tuple[int | None, int | None],
    rules: str | None,
    cost: tuple[float | None, float],
    seed: int,
) -> Fit | None:
    """Return how to fit, if that is asked for; `cost` is the alert budget and the cost of a review."""
    from streamflow.backtest.fitting import Fit
    from streamflow.calibration.rules.threshold import Budget
    from streamflow.contracts.rule_sets import load_horizons

    from_us, until_us = train
    if until_us is None:
        if from_us is not None:
            raise _wrong("--train-from only means something with --train-until.")
        return None
    if rules is not None:
        raise _wrong("--rules names a rule set and --train-until fits one: give one of the two.")
    if from_us is not None and from_us >= until_us:
        raise _wrong("--train-from must lie before --train-until.")
    alerts = values.gate.alerts_per_1000 if cost[0] is None else cost[0]
    if not 0 < alerts <= 1000:
        raise _wrong(f"--alert-budget must lie above 0 and at most 1000, not {alerts:g}.")
    base, _ = _rule_set(values, None)
    return Fit(base, load_horizons(values.contracts_dir), Budget(alerts, cost[1] * 100), from_us, until_us, seed)


def _source(
    values: Settings, source: str, mapping: Path | None, label_delay: float | None
) -> tuple[Source, RuleSet | None, tuple[Entry, ...]]:
    """Return where purchases come from; of the platform's log also what is published: live rule set and blacklist."""
    if source != LOG:
        return _file(values, source, mapping, label_delay), None, ()
    if mapping is not None:
        raise _wrong("'table' has no --mapping: its columns are the contract's.")
    from streamflow.backtest.log_source import LogSource, published

    found = published(values)
    live = found.book.live_at(found.newest_us)
    entries = tuple(found.book.entries[name] for name in sorted(found.book.entries))
    return LogSource(values, found, label_delay), None if live is None else live.rule_set, entries


def _file(values: Settings, source: str, mapping: Path | None, label_delay: float | None) -> Source:
    from streamflow.backtest.file_source import FileSource
    from streamflow.contracts import Catalogue
    from streamflow.contracts.names import TRANSACTIONS_RAW
    from streamflow.generator.mapping import load_mapping

    if mapping is None:
        raise _wrong(
            f"{Path(source).name} needs a --mapping that says what its columns mean; 'streamflow mapping suggest "
            f"{source}' proposes one."
        )
    read = load_mapping(mapping, Catalogue.load(values.contracts_dir).topic(TRANSACTIONS_RAW))
    return FileSource(Path(source), read, values.contracts_dir, values.base_currency, label_delay)


def _judged(
    values: Settings,
    tested: Trial,
    calibration: Calibration | None,
    budget: float | None,
    seed: int,
    *,
    show_names: bool,
) -> Findings:
    from streamflow.backtest.figures import judge
    from streamflow.backtest.lineage import alert_budget, lineage
    from streamflow.contracts.timestamps import format_us

    backtest = tested.backtest
    notes = [*tested.notes]
    told = lineage(backtest, values, calibration)
    if told.unknown:
        notes.append(f"These figures flatter: {told.unknown}.")
    elif told.until_us is not None and backtest.period.from_us < told.until_us:
        notes.append(
            f"These figures flatter: rule set {backtest.scored.rule_set.version} was fitted on purchases up to "
            f"{format_us(told.until_us)}, which are judged here; set --test-from to that time."
        )
    if budget is None:
        budget = alert_budget(backtest.scored.rule_set, values, calibration)
    return judge(backtest, seed=seed, budget_per_1000=budget, show_names=show_names, notes=notes)


def _evidence(values: Settings, tested: Trial, calibration: Calibration | None, seed: int) -> Evidence:
    """Keep what the gate before a promotion says of this backtest; alone it is that of a first promotion."""
    from streamflow.backtest.evidence import save
    from streamflow.backtest.gate import evidence_of

    evidence = evidence_of(tested.backtest, values, calibration=calibration, seed=seed)
    save(values, evidence)
    return evidence


@contextmanager
def _progress(*, visible: bool) -> Iterator[Progress]:
    """Show on stderr what is being done, if somebody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not (visible and console.is_terminal), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, of: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done)

        yield tell


def _show(values: Settings, findings: Findings, evidence: Evidence, report: Path | None, *, as_json: bool) -> None:
    import msgspec

    if as_json:
        whole: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(findings))
        whole["evidence"] = msgspec.to_builtins(evidence)
        typer.echo(msgspec.json.format(msgspec.json.encode(whole), indent=2).decode())
        return
    from rich.console import Console
    from rich.markup import escape

    from streamflow.backtest.words import show

    console = Console()
    show(findings, console, values.base_currency)
    what = "a first promotion" if evidence.against is None else f"a promotion in place of {evidence.against.version}"
    console.print(f"\n[bold]Gate[/bold] for {what}: {evidence.verdict} (evidence {evidence.id})", highlight=False)
    for gate in evidence.gates:
        console.print(escape(f"  {gate.sentence}"), highlight=False)
    if report is not None:
        console.print(f"The page is in {escape(str(report))}.", highlight=False, soft_wrap=True)
