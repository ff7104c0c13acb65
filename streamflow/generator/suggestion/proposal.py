"""A mapping for a file that nobody has described, with the reason for each line and what the file lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamflow.errors import InputError, nearest
from streamflow.generator.suggestion import extras, identities
from streamflow.generator.suggestion.amounts import AmountFit, amount_fit
from streamflow.generator.suggestion.identities import IdentityFit
from streamflow.generator.suggestion.labels import LabelFit, known_at_fit, label_fit, leaks
from streamflow.generator.suggestion.layouts import Layout, layout_of
from streamflow.generator.suggestion.names import name_score
from streamflow.generator.suggestion.profile import Profile
from streamflow.generator.suggestion.sample import Sample
from streamflow.generator.suggestion.times import TimeFit, relative_fit, split_fit, time_fit

SURE, LIKELY = 0.9, 0.6
DELAY_DAYS = 7.0
OTHERS = (("merchant_id", 0.45), ("card_id", 0.7), ("device_id", 0.55), ("product_id", 0.6), ("store_id", 0.6))


@dataclass(frozen=True)
class Line:
    """One field of the proposed mapping.

    Attributes:
        field: Of a purchase.
        spec: What the mapping says of it.
        confidence: sure, likely or guess.
        why: In words.
    """

    field: str
    spec: dict[str, Any]
    confidence: str
    why: str


@dataclass
class Proposal:
    """A proposed mapping.

    Attributes:
        file: The file.
        says: Which rows it rests on.
        delimiter: Of CSV.
        encoding: Of CSV.
        timezone: Of times that name none.
        zone_why: Why that one.
        lines: Fields, in the order of the mapping.
        label: What the mapping says of the label; None without one.
        label_confidence: sure, likely or guess.
        label_why: In words.
        missing: What the file lacks, and what that costs.
        warnings: What to look at.
        leaks: By column that gives the label away, why it is no field.
        unused: Columns that no field needs.
        base_currency: That of the purchases, when it is not the deployment's.
    """

    file: Path
    says: str
    delimiter: str
    encoding: str
    timezone: str = "UTC"
    zone_why: str = ""
    lines: list[Line] = field(default_factory=list)
    label: dict[str, Any] | None = None
    label_confidence: str = "guess"
    label_why: str = ""
    missing: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    leaks: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    base_currency: str | None = None


def propose(sample: Sample, base_currency: str) -> Proposal:
    """Propose a mapping.

    Args:
        sample: Rows of the file.
        base_currency: Of the deployment.

    Raises:
        InputError: No column holds times, or none holds amounts; no purchase can be without.
    """
    return _Proposer(sample, base_currency).proposal()


def confidence(score: float) -> str:
    """Return a score as a word."""
    return "sure" if score >= SURE else "likely" if score >= LIKELY else "guess"


class _Proposer:
    """Finds the fields one after the other; a column that has become a field is taken."""

    def __init__(self, sample: Sample, base_currency: str) -> None:
        self._sample = sample
        self._base = base_currency
        columns = list(zip(*sample.rows, strict=True))
        self._profiles = {
            name: Profile.of(name, list(cells))
            for name, cells in zip(sample.columns, columns, strict=True)
            if name and sample.columns.count(name) == 1
        }
        self._layout: Layout | None = layout_of(set(self._profiles))
        self._taken: set[str] = set()
        self._found = Proposal(sample.path, sample.says, sample.delimiter, sample.encoding)
        if self._layout is not None:
            self._found.warnings.append(f"the columns are those of {self._layout.name}")

    def proposal(self) -> Proposal:
        """Find everything."""
        profiles, found = self._profiles, self._found
        amounts = {name: read for name, one in profiles.items() if (read := amount_fit(one, self._base))}
        day_first = self._sample.delimiter == ";" or any(read.money.decimal == "," for read in amounts.values())
        times = {
            name: fit
            for name, one in profiles.items()
            if (fit := time_fit(one, day_first=day_first, head=self._sample.head))
        }
        label = self._label()
        if label is not None:
            self._label_lines(label, times)
        time = self._time(times)
        amount_name, amount = self._amount(amounts)
        who = self._customer()
        identity, warnings = identities.purchase(profiles, self._taken, who, self._sample.path.name.split(".")[0])
        self._take(identity.columns)
        self._add("transaction_id", identity)
        if who is not None:
            self._add("customer_id", who)
        else:
            self._no_customer()
        self._add_time(time)
        spec: dict[str, Any] = {"column": amount_name} | ({"money": money} if (money := amount.spec()) else {})
        named = name_score("amount_minor", amount_name)
        self._line("amount_minor", spec, named + (0.1 if amount.sure else -0.3), f"'{amount_name}': {amount.why}")
        self._currency(amount)
        self._others(who)
        found.warnings += warnings
        self._costs()
        used = self._taken | set(found.leaks)
        found.unused = [name for name in self._sample.columns if name not in used]
        return found

    def _label(self) -> LabelFit | None:
        fits = [fit for profile in self._profiles.values() if (fit := label_fit(profile))]
        return max(fits, key=lambda fit: fit.score, default=None)

    def _label_lines(self, label: LabelFit, times: dict[str, TimeFit]) -> None:
        found, profiles = self._found, self._profiles
        self._taken.add(label.column)
        profile = profiles[label.column]
        # The mapping reads the cell as it stands, with its quotes.
        quoted = [f"{profile.quote}{value}{profile.quote}" for value in label.positive]
        negative = [f"{profile.quote}{value}{profile.quote}" for value in label.negative]
        found.label = {"column": label.column, "positive": quoted}
        if negative:
            found.label["negative"] = negative
        found.label["delay_days"] = DELAY_DAYS
        found.label_confidence = confidence(label.score - 0.2)
        found.label_why = f"{label.why}; {label.share:.2%} of the sample is fraud"
        if label.open:
            found.warnings.append(
                f"'{label.column}' also says {', '.join(label.open)}: neither fraud nor not, their rows are set aside"
            )
        found.leaks = leaks(label, profiles)
        known_at = known_at_fit(label, profiles, times)
        if known_at is not None:
            column = known_at.columns[0]
            found.leaks.pop(column, None)
            self._taken.add(column)
            found.label["known_at"] = {**known_at.spec, **self._none_words(column)}
            found.label_why += f"; '{column}' says when each became known"
        self._taken |= {name for name in found.leaks if name not in self._taken}

    def _none_words(self, column: str) -> dict[str, Any]:
        words = self._profiles[column].none_words
        return {"empty": list(words)} if words else {}

    def _time(self, times: dict[str, TimeFit]) -> TimeFit:
        free = {name: fit for name, fit in times.items() if name not in self._taken}
        fits = [fit for name, fit in free.items() if self._profiles[name].empty_share < 0.5]
        split = split_fit({name: one for name, one in self._profiles.items() if name not in self._taken}, free)
        if split is not None and not any(fit.has_clock and fit.score > 1.2 for fit in fits):
            fits.append(split)
        if not fits:
            layout = None if self._layout is None else self._layout.time
            relative = (relative_fit(one, layout) for name, one in self._profiles.items() if name not in self._taken)
            fits = [fit for fit in relative if fit is not None]
        if not fits:
            raise self._lacks("times of purchases", "event_timestamp")
        best = max(fits, key=lambda fit: fit.score)
        self._take(best.columns)
        self._found.warnings += best.warnings
        return best

    def _add_time(self, time: TimeFit) -> None:
        found = self._found
        spec = dict(time.spec)
        if len(time.columns) == 1:
            profile = self._profiles[time.columns[0]]
            if profile.quote:
                spec["strip"] = profile.quote
            spec |= self._none_words(time.columns[0])
        score = time.score - (0.3 if time.is_relative else 0.0)
        if any("is a guess" in one for one in time.warnings):
            score = 0.0
        self._line("event_timestamp", spec, score, f"{' '.join(time.columns)}: {time.why}")
        if time.has_zone:
            found.zone_why = "times name their moment; this is where a customer's clock stands when they name no offset"
        else:
            found.zone_why = "guess: nothing in the file says where its clocks stand"
            found.warnings.append("times have no zone: UTC assumed, set timezone")
        if not time.has_clock:
            found.missing.append(("hours", "times are days without an hour: time_anomaly and velocity mean little"))

    def _amount(self, amounts: dict[str, AmountFit]) -> tuple[str, AmountFit]:
        scored = []
        for name, fit in amounts.items():
            profile = self._profiles[name]
            named = name_score("amount_minor", name)
            is_id = profile.is_whole and profile.distinct_share > 0.98 and len(profile.filled) > 100 and named < 0.7
            other = max(name_score(one, name) for one in ("quantity", "latitude", "longitude", "customer_id"))
            constant = profile.distinct < 2 and named < 0.7
            if name in self._taken or is_id or constant or fit.positive < 0.5 or other > max(named, 0.45):
                continue
            has_cents = any("." in value or "," in value for value in profile.filled[:50])
            if named > 0.3 or (has_cents and fit.rounded < 0.02) or fit.sign:
                scored.append((named + (0.2 if has_cents else 0.0) + (0.2 if fit.sign else 0.0), name))
        if not scored:
            raise self._lacks("amounts", "amount_minor")
        _, name = max(scored)
        self._taken.add(name)
        fit = amounts[name]
        if not fit.sure:
            self._found.warnings.append(f"the digits of '{name}' leave doubt ({fit.why}): look at an amount you know")
        if fit.positive < 1:
            self._found.warnings.append(f"{1 - fit.positive:.1%} of '{name}' are zero or below, as refunds: set aside")
        if fit.rounded:
            self._found.warnings.append(f"{fit.rounded:.1%} of '{name}' have more digits than the currency: rounded")
        return name, fit

    def _customer(self) -> IdentityFit | None:
        who = identities.customer(self._profiles, self._taken)
        if who is not None:
            self._take(who.columns)
            self._found.warnings += who.warnings
        return who

    def _no_customer(self) -> None:
        why = "no column says who bought: each row is a customer of its own"
        self._line("customer_id", {"row_number": "customer-"}, 0.0, why)
        cost = "velocity, geographic, time_anomaly and the ratio to a customer's average are not applicable"
        self._found.missing.append(("customer", cost))

    def _currency(self, amount: AmountFit) -> None:
        found = self._found
        told = extras.currency(self._profiles, self._taken)
        if told is None:
            why = f"no column says: amounts count as {self._base}, the deployment's base currency"
            self._line("currency", {"constant": self._base}, 0.3 if amount.sign else 0.6, why)
            if amount.sign and amount.sign != self._base:
                found.warnings.append(
                    f"amounts carry a sign of {amount.sign} but count as {self._base}: for {amount.sign} write it here "
                    f"and set STREAMFLOW_BASE_CURRENCY={amount.sign}"
                )
            return
        extra, counts = told
        self._take(extra.columns)
        self._line("currency", extra.spec, extra.score, extra.why)
        most = max(counts, key=lambda code: counts[code])
        if most != self._base:
            found.base_currency = most
            found.warnings.append(f"purchases are in {most}: run with STREAMFLOW_BASE_CURRENCY={most}")
        if len(counts) > 1:
            others = ", ".join(code for code in counts if code != most)
            found.warnings.append(f"currencies are mixed: rows in {others} are set aside, because one is the base")

    def _others(self, who: IdentityFit | None) -> None:
        profiles = self._profiles
        place = extras.coordinates(profiles, self._taken, who.columns[0] if who and len(who.columns) == 1 else None)
        for one in place or ():
            self._take(one.columns)
        for name, least in OTHERS:
            fit = identities.other(name, profiles, self._taken, least)
            if fit is None:
                continue
            self._take(fit.columns)
            self._found.warnings += fit.warnings
            if name == "card_id" and who is not None:
                fit = identities.card_of(fit, who, profiles)
            self._add(name, fit)
        for extra in (extras.channel(profiles, self._taken), extras.quantity(profiles, self._taken), *(place or ())):
            if extra is not None:
                self._take(extra.columns)
                self._line(extra.field, extra.spec, extra.score, f"'{extra.columns[0]}': {extra.why}".rstrip(": "))
                self._found.warnings += extra.warnings

    def _costs(self) -> None:
        found = self._found
        fields = {line.field for line in found.lines}
        if "latitude" not in fields:
            found.missing.append(("coordinates", "geographic is not applicable"))
        if "merchant_id" not in fields:
            found.missing.append(("merchant", "blacklist is not applicable"))
        if found.label is None:
            found.missing.append(("label", "nothing can be calibrated or backtested; 'streamflow produce' works"))
        elif "known_at" not in found.label:
            cost = f"a label counts {DELAY_DAYS:g} days after the purchase, which is assumed: set delay_days"
            found.missing.append(("moment of labels", cost))

    def _take(self, columns: tuple[str, ...]) -> None:
        self._taken |= set(columns)

    def _add(self, name: str, fit: IdentityFit) -> None:
        where = " ".join(fit.columns)
        self._line(name, fit.spec, fit.score, f"'{where}': {fit.why}" if where else fit.why)

    def _line(self, name: str, spec: dict[str, Any], score: float, why: str) -> None:
        self._found.lines.append(Line(name, spec, confidence(score), why))

    def _lacks(self, what: str, name: str) -> InputError:
        hints = [one for one in self._profiles if name_score(name, one) > 0]
        near = hints[0] if hints else None
        tail = f"'{near}' holds {self._profiles[near].kind}s" if near else nearest(name, self._profiles)
        return InputError(f"{self._sample.path} has no column that holds {what}; {tail}".rstrip(".") + ".")
