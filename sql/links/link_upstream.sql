-- Purpose: point this database at the layer before it, with the address and passwords of today.
-- Key:     the server 'upstream', one user mapping a role. Safe to run again, and run again at each migrate,
--          because ports and passwords may have changed.
-- fetch_size saves round trips over a network (on one machine 100 and 50,000 take the same time); remote estimates were
-- measured to gain nothing, because every statement brings its bounds as literals, so they stay off.
-- Values come from settings of this transaction that were bound as parameters (link_setting.sql), so that no password
-- stands in a statement's text, in pg_stat_statements or in a log.
DO $$
DECLARE
    role_name text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_foreign_server WHERE srvname = 'upstream') THEN
        CREATE SERVER upstream FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host '', port '', dbname '', fetch_size '10000', updatable 'false', keep_connections 'off');
    END IF;
    EXECUTE format('ALTER SERVER upstream OPTIONS (SET host %L, SET port %L, SET dbname %L)',
                   current_setting('link.host'), current_setting('link.port'), current_setting('link.dbname'));
    FOREACH role_name IN ARRAY string_to_array(current_setting('link.roles'), ',') LOOP
        IF NOT EXISTS (SELECT FROM pg_user_mappings WHERE srvname = 'upstream' AND usename = role_name) THEN
            EXECUTE format('CREATE USER MAPPING FOR %I SERVER upstream OPTIONS (user %L, password %L)',
                           role_name, role_name, '');
        END IF;
        EXECUTE format('ALTER USER MAPPING FOR %I SERVER upstream OPTIONS (SET user %L, SET password %L)',
                       role_name, role_name, current_setting('link.password.' || role_name));
    END LOOP;
END
$$;
