-- pg_cron's jobs in this database, as far as its row-level security shows them to the current role.
SELECT
    j.jobid AS id,
    j.schedule,
    j.command
FROM cron.job AS j
WHERE j.active AND j.database = current_database()
ORDER BY j.jobid
