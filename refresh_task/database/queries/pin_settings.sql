-- Set parameters for the rest of the transaction; their former values, in the same order.
WITH wanted AS (
    SELECT
        w.name,
        w.value,
        w.number
    FROM unnest(%(names)s::text [], %(settings)s::text []) WITH ORDINALITY AS w (name, value, number)
),

former AS MATERIALIZED (
    SELECT array_agg(current_setting(wanted.name) ORDER BY wanted.number) AS settings
    FROM wanted
)

SELECT
    former.settings AS before,
    (
        SELECT count(set_config(wanted.name, wanted.value, former.settings IS NOT NULL))
        FROM wanted
    ) AS set_count
FROM former
