-- What a maintained table's contents would be made from now, and why that takes the whole definition; NULL: not for this.
--   structure     in: as of now, by maintained_structures(); out: NULL if it is not one to rely on
--   moments       as of now
CREATE OR REPLACE FUNCTION bi_refresh.present_state(
    target bi_refresh.maintained_table, INOUT structure text, OUT moments jsonb, OUT full_reason text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    examined record;
BEGIN
    IF structure IS NULL OR structure IS DISTINCT FROM target.structure THEN
        examined := bi_refresh.examine_table(target.id);
        full_reason := coalesce(examined.problem, 'its definition or a table''s structure changed');
        structure := CASE WHEN examined.problem IS NULL THEN examined.structure END;
        moments := examined.moments;
    ELSE
        moments := bi_refresh.moments_now(target.moments);
    END IF;
END
$$;
