"""Every sample file of the checkout, with the function that gives its rows: one list for writing and for checking."""

from __future__ import annotations

from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.datasets.sample_ieee_cis import identities_sample, transactions_sample
from streamflow.datasets.sample_ulb import ulb_sample
from streamflow.datasets.samples import SampleFile
from streamflow.generator.parameters import Parameters, load_parameters
from streamflow.generator.shop_export import shop_export
from streamflow.generator.world import Plan

PARAMETERS = "1.0.0"
"""The samples stay what they are when newer parameters are released."""

PURCHASES, DAYS, SEED = 40_800, 60, 20


def sample_files() -> tuple[SampleFile, ...]:
    """Return all of them; hand-written ones without a generator."""
    return (
        SampleFile("ulb_sample.csv.gz", "creditcard.csv", ulb_sample),
        SampleFile("ieee_cis_sample_transaction.csv.gz", "train_transaction.csv", transactions_sample),
        SampleFile("ieee_cis_sample_identity.csv.gz", "train_identity.csv", identities_sample),
        SampleFile("purchases.csv.gz", "export of a shop", lambda: shop_export(purchases_plan())),
        SampleFile("seven_orders.csv", "export of a shop", None),
    )


def purchases_plan() -> Plan:
    """Return the run behind purchases.csv.gz: two months of a small shop with much fraud, most of it reported."""
    base = load_parameters(CHECKOUT / "generator" / f"{PARAMETERS}.yaml")
    return Plan(_shop(base), PURCHASES, DAYS, SEED)


def _shop(base: Parameters) -> Parameters:
    """A purchase a customer and day, 2.5 % of them labelled fraud, no faults on the way."""
    return base.model_copy(
        update={
            "customers": base.customers.model_copy(update={"purchases_per_day": 1.0}),
            "faults": base.faults.scaled_to(0),
            "fraud": base.fraud.model_copy(update={"rate": 0.0257}),
            "labels": base.labels.model_copy(update={"reported_share": 0.95}),
        }
    )
