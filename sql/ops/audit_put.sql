-- Purpose: record what a run did to one table; in the same transaction as its rows, unless it failed.
-- Grain:   one row a run, pass and table.
INSERT INTO ops.load_audit (run_id, transform, target_table, status, rows_in, rows_out, rows_rejected, marks,
                            contract_versions, detail, started_at)
VALUES ({run_id}, {transform}, {target_table}, {status}, {rows_in}, {rows_out}, {rows_rejected}, {marks},
        {contract_versions}, {detail}, {started_at});
