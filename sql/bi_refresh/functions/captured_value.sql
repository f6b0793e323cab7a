-- A value of a captured column, if it has the type that the log was made with; otherwise NULL, for a log cannot take another one, and
-- no write may fail because of that. Which of the two functions of this name it is (captured_value_otherwise.sql) is settled by the
-- types alone when a trigger's statement is planned, and nothing is left of the call in the plan. That needs all of this: no type
-- that is only near enough fits here, so PostgreSQL never finds both as good; the last argument is an integer here and a bigint
-- there, so where both fit this one fits better; and there is no SET search_path, which would make it a call for each value.
CREATE OR REPLACE FUNCTION bi_refresh.captured_value(value anyelement, log_type anyelement, chosen_first integer)
RETURNS anyelement
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
SELECT value
$$;
