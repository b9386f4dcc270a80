"""A program that asks a warehouse for what no emulator of it supports, and carries on."""

import logging

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery

log = logging.getLogger(__name__)


def main():
    client = bigquery.Client(project="shop-project")
    try:
        client.query("CREATE MODEL d.m OPTIONS (model_type = 'linear_reg') AS SELECT 1 AS label").result()
    except GoogleAPICallError as error:
        log.warning("no model: %s", error.message, extra={"mark": "carried_on", "fields": {"code": error.code}})
