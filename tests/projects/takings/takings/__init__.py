"""A stranger's pipeline: the day's takings into BigQuery, with retries of its own; knows nothing of Windtunnel."""
