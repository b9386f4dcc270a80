"""What one call of the emulated BigQuery costs, front end and engine, with and without the vendor's client.

`python -m benchmarks.bigquery [--rounds 200]` prints p50 in ms of CPU time of this process, so that a busy machine does
not blur the figures.
"""

import argparse
import io
import time
from collections.abc import Callable

import orjson
from google.cloud import bigquery

from tests.fakes.bigquery.client import PROJECT, World

SELECT = "SELECT id, name FROM d.t WHERE id = @id AND ts > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)"
MERGE = (
    "MERGE d.t t USING (SELECT @id AS id, 'x' AS name) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name"
    " WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)"
)
PARAMETER = [{"name": "id", "parameterType": {"type": "INT64"}, "parameterValue": {"value": "5"}}]


def p50_ms(work: Callable[[], object], rounds: int) -> float:
    work()
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return sorted(spent)[rounds // 2] * 1e3


class Bench:
    def __init__(self) -> None:
        instant = {"SELECT": 0.0, "DML": 0.0}
        self.world = World({"durations_s": instant, "insert_job_per_s": None, "streaming_buffer_s": 0})
        self.world.client.create_dataset("d")
        self.world.rows("CREATE TABLE d.t (id INT64, name STRING, ts TIMESTAMP)")
        self.count = 0

    def call(self, verb: str, path: str, body: object = None, query: str = "") -> None:
        data = orjson.dumps(body) if body is not None else b""
        environ = {
            "REQUEST_METHOD": verb, "PATH_INFO": f"/bigquery/v2/projects/{PROJECT}/{path}", "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(data)), "CONTENT_TYPE": "application/json", "HTTP_HOST": "localhost",
            "wsgi.input": io.BytesIO(data), "wsgi.url_scheme": "https",
        }  # fmt: skip
        statuses: list[str] = []
        b"".join(self.world.backend.app(environ, lambda status, headers: statuses.append(status)))
        assert statuses[0].startswith("200"), statuses

    def job(self, sql: str) -> None:
        self.count += 1
        config = {"query": {"query": sql, "useLegacySql": False, "queryParameters": PARAMETER}}
        self.call("POST", "jobs", {"configuration": config, "jobReference": {"jobId": f"j{self.count}"}})
        self.call("GET", f"queries/j{self.count}", query="maxResults=0")

    def insert_all(self) -> None:
        self.count += 1
        rows = [
            {"insertId": f"{self.count}-{i}", "json": {"id": i, "name": "abc", "ts": "2026-01-01T00:00:00Z"}}
            for i in range(500)
        ]
        self.call("POST", "datasets/d/tables/t/insertAll", {"rows": rows})

    def through_client(self, sql: str) -> None:
        config = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter("id", "INT64", 5)])
        list(self.world.client.query(sql, job_config=config).result())


def fresh() -> None:
    World().backend.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    bench = Bench()
    figures = {
        "fresh engine": p50_ms(fresh, max(5, rounds // 20)),
        "SELECT, server": p50_ms(lambda: bench.job(SELECT), rounds),
        "MERGE, server": p50_ms(lambda: bench.job(MERGE), rounds),
        "SELECT, client included": p50_ms(lambda: bench.through_client(SELECT), rounds),
        "MERGE, client included": p50_ms(lambda: bench.through_client(MERGE), rounds),
        "insertAll of 500 rows, server": p50_ms(bench.insert_all, max(5, rounds // 10)),
    }
    for name, value in figures.items():
        print(f"{name:32} {value:7.2f} ms")


if __name__ == "__main__":
    main()
