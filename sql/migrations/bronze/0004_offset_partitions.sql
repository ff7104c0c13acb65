-- Purpose: partitions by offset, made ahead of the log; the default partition catches what nobody made room for.
-- Grain:   one partition of 10 million offsets a raw table. Key: the table and the range's start.
-- A range is never made where the default partition already holds rows, so making one cannot fail on data.
CREATE FUNCTION ops.extend_partitions() RETURNS integer LANGUAGE plpgsql AS
$$
DECLARE
    span CONSTANT bigint := 10000000;
    parent record;
    newest bigint;
    in_default bigint;
    next_start bigint;
    child text;
    made integer := 0;
BEGIN
    FOR parent IN
        SELECT c.oid, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'bronze' AND c.relkind = 'p' ORDER BY c.relname
    LOOP
        IF to_regclass(format('bronze.%I', parent.relname || '_default')) IS NULL THEN
            EXECUTE format('CREATE TABLE bronze.%I PARTITION OF bronze.%I DEFAULT',
                           parent.relname || '_default', parent.relname);
        END IF;
        EXECUTE format('SELECT coalesce(max(kafka_offset), -1) FROM bronze.%I', parent.relname) INTO newest;
        EXECUTE format('SELECT coalesce(max(kafka_offset), -1) FROM bronze.%I', parent.relname || '_default')
            INTO in_default;
        SELECT coalesce(max(to_offset), 0) INTO next_start FROM ops.offset_partitions
        WHERE table_name = parent.relname;
        next_start := greatest(next_start, (in_default / span + (in_default >= 0)::int) * span);
        WHILE next_start <= newest + span LOOP
            child := format('%s_o%s', parent.relname, next_start);
            EXECUTE format('CREATE TABLE bronze.%I PARTITION OF bronze.%I FOR VALUES FROM (%s) TO (%s)',
                           child, parent.relname, next_start, next_start + span);
            INSERT INTO ops.offset_partitions (table_name, partition_name, from_offset, to_offset)
            VALUES (parent.relname, child, next_start, next_start + span);
            next_start := next_start + span;
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;
REVOKE ALL ON FUNCTION ops.extend_partitions() FROM PUBLIC;
SELECT ops.extend_partitions();
