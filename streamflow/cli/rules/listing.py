"""`streamflow rules list` and `show`: what is on file, what is published, and who has it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamflow.cli.rules.topic import AsJson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from streamflow.contracts.rule_sets import RuleSet
    from streamflow.jobs.acknowledgement import Subtasks
    from streamflow.replay.rule_topic import RuleLog
    from streamflow.rules.book import RuleBook


def list_rule_sets(as_json: AsJson = False) -> None:
    """List the rule sets: on file, published as what from when on, and which subtasks of the detector have them.

    What the detector refused is listed with the reason, and rules whose alerts the safety valve holds back.

    Example: streamflow rules list --json
    """
    from streamflow.cli.rules.topic import open_topic, print_json
    from streamflow.jobs.acknowledgement import ask_anew
    from streamflow.settings import settings

    if not settings().kafka.bootstrap_servers:
        rows = _rows(None, None, None)
        found: dict[str, Any] = {"rule_sets": rows, "refused": None, "detector": None}
    else:
        topic = open_topic()
        told = ask_anew(settings())
        found = {
            "rule_sets": _rows(topic.log, topic.reached_us(), told),
            "refused": [asdict(refusal) for refusal in topic.log.refusals],
            "detector": asdict(told),
        }
    if as_json:
        print_json(found)
    else:
        _show_list(found)


def _rows(log: RuleLog | None, reached_us: int | None, told: Subtasks | None) -> list[dict[str, Any]]:
    """Return one row a version."""
    from streamflow.contracts.catalogue import version_key
    from streamflow.contracts.rule_sets import load_rule_set, rule_set_versions
    from streamflow.settings import settings

    files = rule_set_versions(settings().contracts_dir)
    rows = []
    for version in sorted({*files, *(log.book.cards if log else ())}, key=version_key):
        rule_set = load_rule_set(version, settings().contracts_dir) if version in files else None
        if rule_set is None and log is not None:
            rule_set = log.book.cards[version].rule_set
        offset = log.offsets.get(f"rule_set/{version}") if log else None
        heard = told is not None and told.job_id is not None and offset is not None
        rows.append(
            {
                "version": version,
                "on_file": version in files,
                "calibration": rule_set.calibration if rule_set else None,
                "sha256": rule_set.sha256 if rule_set else None,
                "roles": _roles(log.book, version, reached_us) if log else None,
                "offset": offset,
                "acknowledged": told.have(offset) if heard and told and offset is not None else None,
                "subtasks": told.expected if heard and told else None,
            }
        )
    return rows


def _roles(book: RuleBook, version: str, reached_us: int | None) -> list[dict[str, Any]]:
    """Return the roles of a version, oldest first, each with what it is now: as far as purchases have come."""
    from streamflow.contracts.timestamps import format_us

    now_us = reached_us or 0
    force = book.in_force(now_us)
    mine = sorted(
        (item for item in book.activations if item.version == version), key=lambda item: item.effective_from_us
    )
    begun = [item for item in mine if item.effective_from_us <= now_us and not item.withdrawn]
    rows = []
    for item in mine:
        if item.withdrawn:
            state = "withdrawn"
        elif item.effective_from_us > now_us:
            state = "scheduled"
        elif item.until_us is not None and item.until_us <= now_us:
            state = "retired"
        elif item is begun[-1] and any(card.version == version and role == item.role for card, role in force.lanes):
            state = item.role
        else:
            state = "past"
        until = None if item.until_us is None else format_us(item.until_us)
        since = format_us(item.effective_from_us)
        rows.append({"role": item.role, "effective_from": since, "until": until, "state": state})
    return rows


def _show_list(found: dict[str, Any]) -> None:
    from rich.console import Console

    from streamflow.pages.terminal import tight_table

    console = Console()
    online = found["refused"] is not None
    shown = tight_table("Rule sets", "version\ncalibration", "published", "subtasks", left=3, gap=1)
    shown.columns[2].no_wrap = False
    for row in found["rule_sets"]:
        said = "\n".join(map(_role_text, row["roles"] or ())) or "not published"
        acks = "" if row["acknowledged"] is None else f"{row['acknowledged']} of {row['subtasks']} have it"
        below = [row["calibration"] or "assumed", *([] if row["on_file"] else ["not on file"])]
        name = "\n".join([row["version"], *(f"[dim]{line}[/dim]" for line in below)])
        shown.add_row(name, said if online else "unknown: no Kafka to ask", acks)
    console.print(shown)
    for refusal in found["refused"] or ():
        console.print(
            f"Refused: {refusal['key']} at offset {refusal['offset']}: {refusal['why']}", markup=False, soft_wrap=True
        )
    detector = found["detector"]
    if detector is None:
        return
    if detector["job_id"] is None:
        console.print("No detector is running.")
    for line in valve_lines(detector["held_back"], detector["shut"]):
        console.print(line, soft_wrap=True)


def valve_lines(held_back: Iterable[tuple[str, int]], shut: Collection[str]) -> Iterator[str]:
    """Yield what the safety valve does, a sentence a rule."""
    for rule, count in held_back:
        now = "still holds back" if rule in shut else "has held back"
        yield (
            f"The safety valve {now} alerts of {rule} from delivery: {count} since its last start. Decisions stay "
            f"as they are; 'streamflow rules rollback' changes the rules."
        )


def _role_text(role: dict[str, Any]) -> str:
    until = f"\n  until {role['until']}" if role["until"] else ""
    kind = role["role"] if role["state"] in ("live", "shadow") else f"{role['role']}, {role['state']}"
    return f"{kind} from {role['effective_from']}{until}"


def show_rule_set(version: Annotated[str, typer.Argument(help="As 1.0.0.")], as_json: AsJson = False) -> None:
    """Show one rule set: every band with its weight and where its figures come from.

    Example: streamflow rules show 1.1.0
    """
    from rich.console import Console

    from streamflow.cli.rules.topic import print_json, table
    from streamflow.contracts.rule_sets import load_rule_set
    from streamflow.rules.scorecard import logistic
    from streamflow.settings import settings

    rule_set: RuleSet = load_rule_set(version, settings().contracts_dir)
    if as_json:
        print_json(rule_set.payload())
        return
    score = logistic(rule_set.alert_threshold_ulo, rule_set.score_digits)
    base = logistic(rule_set.prior_ulo, rule_set.score_digits)
    shown = table(f"Rule set {version}", "rule", "measure", "from", "unit", "weight (log-odds)", "n", "status")
    for rule, measure, stated in rule_set.measures():
        for band in stated.bands:
            weight = f"{band.weight_ulo / 1_000_000:.3f}"
            n = "" if band.n is None else str(band.n)
            shown.add_row(rule, measure, f"{band.at_least:g}", stated.unit, weight, n, band.status)
    console = Console()
    console.print(shown)
    kind = "calibrated" if rule_set.score_calibrated else "not calibrated"
    console.print(f"Base score {base:g}, alert from score {score:g} ({kind}); sha256 {rule_set.sha256[:12]}.")
