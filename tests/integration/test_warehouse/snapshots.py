"""What silver and gold say, without surrogate keys and load times: what must not depend on how they were loaded."""

from __future__ import annotations

from typing import Any

from streamflow.settings import Database, Settings
from streamflow.warehouse.connections import connect

Rows = list[tuple[Any, ...]]

QUERIES: dict[str, tuple[Database, str]] = {
    "silver.clean_transactions": ("silver_db", "SELECT to_jsonb(t) - 'cleaned_at' FROM silver.clean_transactions AS t"),
    "silver.enriched_events": ("silver_db", "SELECT to_jsonb(t) - 'enriched_at' FROM silver.enriched_events AS t"),
    "silver.customers": ("silver_db", "SELECT to_jsonb(t) - 'loaded_at' FROM silver.customers AS t"),
    "silver.stores": ("silver_db", "SELECT to_jsonb(t) - 'loaded_at' FROM silver.stores AS t"),
    "silver.products": ("silver_db", "SELECT to_jsonb(t) - 'loaded_at' FROM silver.products AS t"),
    "silver.fraud_decisions": ("silver_db", "SELECT to_jsonb(t) FROM silver.fraud_decisions AS t"),
    "silver.fraud_alerts": ("silver_db", "SELECT to_jsonb(t) FROM silver.fraud_alerts AS t"),
    "silver.late_decisions": ("silver_db", "SELECT to_jsonb(t) - 'scored_at' FROM silver.late_decisions AS t"),
    "silver.labels": ("silver_db", "SELECT to_jsonb(t) - 'labelled_at' FROM silver.labels AS t"),
    "gold.dim_customer": ("gold_db", "SELECT to_jsonb(t) - 'customer_key' FROM gold.dim_customer AS t"),
    "gold.dim_store": ("gold_db", "SELECT to_jsonb(t) - 'store_key' FROM gold.dim_store AS t"),
    "gold.dim_product": ("gold_db", "SELECT to_jsonb(t) - 'product_key' FROM gold.dim_product AS t"),
    "gold.dim_date": ("gold_db", "SELECT to_jsonb(t) FROM gold.dim_date AS t"),
    "gold.fact_transactions": (
        "gold_db",
        (
            "SELECT to_jsonb(f) - '{transaction_key,processing_timestamp,customer_key,store_key,product_key}'::text[], "
            "c.valid_from, s.store_id, s.valid_from, p.product_id, p.valid_from FROM gold.fact_transactions AS f "
            "JOIN gold.dim_customer AS c USING (customer_key) JOIN gold.dim_store AS s USING (store_key) "
            "JOIN gold.dim_product AS p USING (product_key) JOIN gold.dim_date USING (date_key)"
        ),
    ),
    "gold.agg_hourly_sales": (
        "gold_db",
        (
            "SELECT to_jsonb(a) - 'store_key', s.store_id, s.valid_from FROM gold.agg_hourly_sales AS a "
            "JOIN gold.dim_store AS s USING (store_key)"
        ),
    ),
    "gold.agg_daily_fraud": ("gold_db", "SELECT to_jsonb(a) FROM gold.agg_daily_fraud AS a"),
    "gold.agg_rule_quality": ("gold_db", "SELECT to_jsonb(a) FROM gold.agg_rule_quality AS a"),
}


def snapshot(settings: Settings) -> dict[str, list[str]]:
    """Return the rows of every table that a transform writes, as sorted text."""
    return {
        table: sorted(repr(row) for row in query(settings, database, text))
        for table, (database, text) in QUERIES.items()
    }


def query(settings: Settings, database: Database, text: str) -> Rows:
    """Return the rows of a query."""
    with connect(settings, database, "reader") as connection:
        return connection.execute(text).fetchall()


def differences(left: dict[str, list[str]], right: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return, by table, the first rows that only one of two snapshots has."""
    found = {}
    for table, mine in left.items():
        others = right[table]
        only = [f"< {row}" for row in set(mine) - set(others)] + [f"> {row}" for row in set(others) - set(mine)]
        if only or len(mine) != len(others):
            found[table] = sorted(only)[:4]
    return found
