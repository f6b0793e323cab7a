-- Publications that would include a new table of this schema, or of ours, without being asked.
SELECT p.pubname AS name
FROM pg_publication AS p
WHERE p.puballtables
ORDER BY p.pubname
