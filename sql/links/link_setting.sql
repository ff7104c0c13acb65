-- Purpose: hand one value to link_upstream.sql for the rest of this transaction, bound and never pasted.
SELECT set_config(%(name)s, %(value)s, true);
