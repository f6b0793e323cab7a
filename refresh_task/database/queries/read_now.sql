-- The clock that data timestamps and requests were written by.
SELECT clock_timestamp() AS now
