-- Publications of all tables of a view's schema.
SELECT p.pubname AS name
FROM pg_publication AS p
INNER JOIN pg_publication_namespace AS s ON p.oid = s.pnpubid
INNER JOIN pg_class AS c ON s.pnnspid = c.relnamespace
WHERE c.oid = %(relation)s
ORDER BY p.pubname
