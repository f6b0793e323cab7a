CREATE SCHEMA sales;
CREATE TABLE sales.orders (id integer PRIMARY KEY, customer text NOT NULL, day date NOT NULL, total numeric NOT NULL);
CREATE TABLE sales.stock (product text PRIMARY KEY, pieces integer NOT NULL);
INSERT INTO sales.orders SELECT n, 'customer ' || n % 10, date '2026-01-01' + n % 30, n FROM generate_series(1, 1000) n;
INSERT INTO sales.stock SELECT 'product ' || n, n FROM generate_series(1, 50) n;

-- What is to go wrong with a view's next refreshes: 'fails', 'waits' (until advisory lock 1 is free), or so many seconds.
CREATE TABLE sales.trouble (view_name text PRIMARY KEY, kind text NOT NULL);
CREATE FUNCTION sales.behave(of_view text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    kind text := (SELECT trouble.kind FROM sales.trouble WHERE trouble.view_name = of_view);
BEGIN
    CASE
        WHEN kind = 'fails' THEN RAISE EXCEPTION 'no exchange rate for today';
        WHEN kind = 'waits' THEN PERFORM pg_catalog.pg_advisory_lock_shared(1); PERFORM pg_catalog.pg_advisory_unlock_shared(1);
        WHEN kind IS NOT NULL THEN PERFORM pg_catalog.pg_sleep(kind::double precision);
        ELSE NULL;
    END CASE;
    RETURN 0;
END $$;

CREATE MATERIALIZED VIEW sales.mv_daily_revenue AS
SELECT day, sum(total) + (SELECT sales.behave('sales.mv_daily_revenue')) AS revenue FROM sales.orders GROUP BY day;
CREATE UNIQUE INDEX ON sales.mv_daily_revenue (day);
CREATE MATERIALIZED VIEW sales.mv_customers AS
SELECT customer, count(*) + (SELECT sales.behave('sales.mv_customers')) AS orders FROM sales.orders GROUP BY customer;
CREATE UNIQUE INDEX ON sales.mv_customers (customer);
CREATE MATERIALIZED VIEW sales.mv_stock AS
SELECT product, pieces + (SELECT sales.behave('sales.mv_stock')) AS pieces FROM sales.stock;
CREATE UNIQUE INDEX ON sales.mv_stock (product);
