-- What the task knows to do about a failure that SQL has no remedy for, before what record_failure() said of a suspension.
UPDATE bi_refresh.mv_refresh_log
SET remedy = concat_ws(' ', %(remedy)s::text, remedy)
WHERE id = %(log_id)s AND status = 'failed'
