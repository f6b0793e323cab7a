-- captured_value() of a column that has come to another type: NULL of the log's type, which its second argument is.
CREATE OR REPLACE FUNCTION bi_refresh.captured_value(value anyelement, log_type anycompatible, chosen_last bigint)
RETURNS anycompatible
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
SELECT log_type
$$;
