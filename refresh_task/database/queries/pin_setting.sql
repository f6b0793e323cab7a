-- Set a parameter for the rest of the transaction; its former value.
WITH former AS MATERIALIZED (
    SELECT current_setting(%(name)s) AS value
)

SELECT
    former.value AS before,
    set_config(%(name)s, %(value)s, true) AS now
FROM former
