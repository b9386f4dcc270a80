"""BigQuery: a load, a query, rows."""

import os

from google.cloud import bigquery

from busy import told


def _client():
    return bigquery.Client(project="busy-project")


def prepare():
    client = _client()
    client.create_dataset("d")
    schema = [bigquery.SchemaField("who", "STRING"), bigquery.SchemaField("n", "INT64")]
    for name in ("victim", "witness"):
        client.create_table(bigquery.Table(f"busy-project.d.{name}", schema=schema))


def main():
    table = f"busy-project.d.{os.environ['K_SERVICE']}"
    with told.cleaning_up("main"):
        client = _client()
        client.load_table_from_json(
            [{"who": "a", "n": 1}, {"who": "b", "n": 2}],
            table,
            job_config=bigquery.LoadJobConfig(write_disposition="WRITE_TRUNCATE"),
        ).result()
        client.query(f"INSERT INTO `{table}` VALUES ('c', 3)").result()
        (row,) = client.query(f"SELECT SUM(n) AS n FROM `{table}`").result()
        client.close()
    told.finished(total=row.n)
