-- Releases that know two migrations make and drop days by statements of their own.
DROP VIEW SCHEMA.report_rates, SCHEMA.report_counts, SCHEMA.report_attempts, SCHEMA.report_jobs;
DROP FUNCTION SCHEMA.drop_day(timestamptz), SCHEMA.make_day(timestamptz);
