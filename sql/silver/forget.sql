-- Purpose: empty silver and its marks, so that the next run reads bronze from its beginning.
-- Grain:   every table of silver. The load clock stays: times must never repeat, or gold would miss what comes.
TRUNCATE silver.clean_transactions, silver.enriched_events, silver.customers, silver.stores, silver.products,
         silver.fraud_decisions, silver.fraud_alerts, silver.labels, silver.late_decisions,
         ops.late_positions, ops.late_rules, ops.base_scores, ops.marks;
