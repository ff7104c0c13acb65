"""From a rule set, as its contract states it, to a scorecard that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamflow.contracts.rule_sets import rule_set_from
from streamflow.errors import InputError
from streamflow.rules.blacklist import Blacklist
from streamflow.rules.geographic import Geographic
from streamflow.rules.high_value import HighValue
from streamflow.rules.history import HISTORY_LIMIT
from streamflow.rules.ladder import Ladder, Rung
from streamflow.rules.scorecard import Scorecard
from streamflow.rules.time_anomaly import TimeAnomaly
from streamflow.rules.velocity import Velocity

_SECOND_US = 1_000_000


def compile_rule_set(source: Mapping[str, Any]) -> Scorecard:
    """Make a rule set ready to run.

    Args:
        source: The rule set as its file and the fraud-rules topic hold it.

    Returns:
        The scorecard.

    Raises:
        InputError: The rule set breaks its contract, alerts without any rule, or counts further than state reaches.
    """
    rule_set_from(source)
    rules = source["rules"]
    version = str(source["version"])
    prior, threshold = int(source["prior_ulo"]), int(source["alert_threshold_ulo"])
    if threshold <= prior:
        raise InputError(
            f"Rule set {version}: alert_threshold_ulo {threshold} must exceed prior_ulo {prior}, else every purchase "
            f"is an alert without a reason."
        )
    high_value, velocity, geographic = rules["high_value"], rules["velocity"], rules["geographic"]
    time_anomaly, blacklist = rules["time_anomaly"], rules["blacklist"]
    purchases = _ladder(velocity, "purchases", "purchases", 0)
    if purchases.rungs and purchases.rungs[-1].at_least > HISTORY_LIMIT + 1:
        raise InputError(
            f"Rule set {version}: velocity.purchases asks for {purchases.rungs[-1].at_least} purchases; state keeps "
            f"{HISTORY_LIMIT} earlier ones, so the highest bound is {HISTORY_LIMIT + 1}."
        )
    calibration = source.get("calibration")
    return Scorecard(
        version,
        None if calibration is None else str(calibration),
        bool(source["score_calibrated"]),
        prior,
        threshold,
        int(source["score_digits"]),
        HighValue(
            int(high_value["min_history"]),
            _ladder(high_value, "ratio_to_mean", "ratio", 4),
            _ladder(high_value, "amount_minor", "minor", 0),
        ),
        Velocity(int(velocity["window_s"]), int(velocity["window_s"]) * _SECOND_US, purchases),
        Geographic(
            int(geographic["window_s"]),
            int(geographic["window_s"]) * _SECOND_US,
            _ladder(geographic, "distance_km", "km", 3),
            _ladder(geographic, "speed_kmh", "km/h", 3),
        ),
        TimeAnomaly(
            int(time_anomaly["min_history"]),
            float(time_anomaly["min_sigma_min"]),
            _ladder(time_anomaly, "deviation_sigma", "sigma", 4),
        ),
        Blacklist(_ladder(blacklist, "listed", "entries", 0), _ladder(blacklist, "risk", "share", 6)),
        source,
    )


def _ladder(rule: Mapping[str, Any], measure: str, unit: str, digits: int) -> Ladder:
    """Return a measure's bands; a measure that the rule set leaves out has none."""
    stated = rule["measures"].get(measure) or {}
    rungs = [Rung(str(band["id"]), band["at_least"], int(band["weight_ulo"])) for band in stated.get("bands", ())]
    return Ladder(measure, str(stated.get("unit", unit)), int(stated.get("digits", digits)), rungs)
