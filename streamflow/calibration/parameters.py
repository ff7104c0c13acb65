"""What a scheduled calibration can be given, as JSON Schema, and its steps. Data only: a scheduler reads it often."""

from __future__ import annotations

from typing import Any, Final

STEPS: Final = ("profile", "calibrate", "fidelity", "review")
DATASETS: Final = ("own", "ulb", "ieee_cis")

PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "dataset": {
        "type": ["null", "string"],
        "enum": [None, *DATASETS],
        "description": "Shape of the file: own (any labelled file, by a mapping), ulb or ieee_cis.",
    },
    "path": {
        "type": ["null", "string"],
        "description": "The file, from the checkout; raw for the public one in data/raw; empty for the sample.",
    },
    "mapping": {
        "type": ["null", "string"],
        "description": "What the columns of an own file mean, a file as data/mappings/purchases.yaml.",
    },
    "alert_budget": {
        "type": ["null", "number"],
        "exclusiveMinimum": 0,
        "maximum": 1000,
        "description": "Alerts that can be looked at, in 1,000 purchases.",
    },
    "review_cost": {
        "type": ["null", "number"],
        "minimum": 0,
        "description": "What looking at one alert costs, in the file's currency.",
    },
    "seed": {
        "type": ["null", "integer"],
        "minimum": 0,
        "description": "Of every resample and of the simulation: the same seed gives the same bytes.",
    },
}
"""Null leaves a parameter to the notebook's own default."""
