-- Publications that would include a new table of a view's schema, or of ours, without being asked. Which schemas one publishes as a
-- whole, PostgreSQL 15 and later have in a catalog that older ones lack.
SELECT p.pubname AS name
FROM pg_publication AS p
WHERE p.puballtables
ORDER BY p.pubname
