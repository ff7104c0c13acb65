-- Purpose: what silver_to_gold must remember between runs, and how it finds a member's version at a time.
-- Grain:   ops.labels one row a purchase called fraud; each view one row a version of a member.

-- A chargeback may arrive before its purchase is in gold.
CREATE TABLE ops.labels (
    customer_id     text NOT NULL,
    transaction_id  text NOT NULL,
    PRIMARY KEY (customer_id, transaction_id)
);

-- The first version of a member also covers what came before it: its attributes are the best that anybody knows.
CREATE VIEW ops.customer_spans AS
SELECT
    customer_key AS surrogate, customer_id AS member,
    CASE WHEN row_number() OVER history = 1 THEN '-infinity' ELSE valid_from END AS span_from,
    coalesce(valid_to, 'infinity') AS span_to
FROM gold.dim_customer WHERE customer_id IS NOT NULL
WINDOW history AS (PARTITION BY customer_id ORDER BY valid_from);

CREATE VIEW ops.product_spans AS
SELECT
    product_key AS surrogate, product_id AS member,
    CASE WHEN row_number() OVER history = 1 THEN '-infinity' ELSE valid_from END AS span_from,
    coalesce(valid_to, 'infinity') AS span_to
FROM gold.dim_product WHERE product_id IS NOT NULL
WINDOW history AS (PARTITION BY product_id ORDER BY valid_from);

CREATE VIEW ops.store_spans AS
SELECT
    store_key AS surrogate, store_id AS member,
    CASE WHEN row_number() OVER history = 1 THEN '-infinity' ELSE valid_from END AS span_from,
    coalesce(valid_to, 'infinity') AS span_to
FROM gold.dim_store WHERE store_id IS NOT NULL
WINDOW history AS (PARTITION BY store_id ORDER BY valid_from);

GRANT SELECT ON ops.customer_spans, ops.product_spans, ops.store_spans TO {transform}, {reader};
GRANT SELECT, INSERT, DELETE, TRUNCATE ON ops.labels TO {transform};
GRANT DELETE, TRUNCATE ON ops.marks TO {transform};
GRANT SELECT ON ops.labels TO {reader};
