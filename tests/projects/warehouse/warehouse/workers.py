"""What runs in the world, with the vendor's client as it comes."""

import logging
import time

log = logging.getLogger("warehouse")

SETUP = """
CREATE SCHEMA d;
CREATE TABLE d.partitioned (day DATE, n INT64) PARTITION BY day;
INSERT d.partitioned VALUES ('2026-01-15', 1), ('2026-01-16', 2);
CREATE TABLE d.streamed (n INT64);
CREATE TABLE d.changing AS SELECT 1 AS n;
CREATE TABLE d.drifted AS SELECT 1 AS n, 'LAL' AS home;
"""


def mark(name: str, **fields: object) -> None:
    log.info("%s", name, extra={"mark": name, "fields": fields})


def read() -> None:
    from google.api_core.exceptions import BadRequest
    from google.cloud import bigquery

    client = bigquery.Client(project="warehouse-project")

    def rows(sql: str) -> list[tuple[object, ...]]:
        # The same text again would be answered from the cache, as the service does.
        config = bigquery.QueryJobConfig(use_query_cache=False)
        return [tuple(row.values()) for row in client.query(sql, job_config=config).result()]

    def loaded(table: str) -> tuple[int | None, int, int]:
        job = client.load_table_from_json([{"n": n} for n in range(1000)], table)
        job.result()
        [(count, distinct)] = rows(f"SELECT COUNT(*), COUNT(DISTINCT n) FROM {table}")
        return job.output_rows, int(str(count)), int(str(distinct))

    rows(SETUP)
    time.sleep(1800)
    rows("UPDATE d.changing SET n = 2 WHERE TRUE")
    client.insert_rows_json("d.streamed", [{"n": 7}])
    time.sleep(60)
    for turn in ("first", "second"):
        mark("partitioned", turn=turn, sum=rows("SELECT SUM(n) FROM d.partitioned")[0][0])
        mark("streamed", turn=turn, count=rows("SELECT COUNT(*) FROM d.streamed")[0][0])
        mark("changing", turn=turn, n=rows("SELECT n FROM d.changing")[0][0])
        try:
            mark("drifted", turn=turn, home=rows("SELECT home FROM d.drifted")[0][0])
        except BadRequest as error:
            mark("drifted", turn=turn, home=error.errors[0]["reason"])
    mark("dropped", told=loaded("d.dropped"))
    mark("doubled", told=loaded("d.doubled"))
    time.sleep(3600)
