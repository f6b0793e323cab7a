-- What to do where a refresh failed because the server or the connection went away, or had none to spare.
CREATE OR REPLACE FUNCTION bi_refresh.outage_remedy(view_name text, failure_sqlstate text)
RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.format(
    CASE
        WHEN failure_sqlstate = '53300'
            THEN 'The server had no connection to spare for %s. Raise max_connections or the role''s CONNECTION LIMIT, end sessions that '
                'nobody needs, or lower VISTAFRESCA_CONNECTIONS.'
        WHEN failure_sqlstate = '57P01'
            THEN 'Somebody ended the session that was refreshing %s (pg_terminate_backend), or the server was shut down. The next run '
                'tries again; if nobody did, see the server''s log.'
        WHEN failure_sqlstate IN ('57P02', '57P03')
            THEN 'The server was restarting while %s was to be refreshed. The next run tries again; why it restarted is in the server''s '
                'log.'
        ELSE 'The connection was lost while %s was being refreshed, again and again. The next run tries again; check the network, the '
            'proxy and the server''s log between the two.'
    END,
    view_name
)
$$;
