-- How often a sample product is sold, relative to the others: by Zipf's law, so that a fifth of the products brings
-- most of the sales and ABC classes exist. One in twenty is never sold.
CREATE OR REPLACE FUNCTION fluxion.sample_product_weight(producto_id integer, products integer)
RETURNS bigint
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- 7919 is a prime greater than any number of products: every product gets a rank of its own, and neighbours are far apart.
    SELECT CASE WHEN place.rank < products * 95 / 100 THEN 10000000 / (place.rank + 5) ELSE 0 END
    FROM (VALUES ((producto_id::bigint * 7919) % products)) AS place (rank)
$$;
