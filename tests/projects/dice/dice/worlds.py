"""One world for each program: `dice.worlds:NAME`."""

NAMES = (
    "as_completed", "set_of_futures", "set_of_threads", "set_of_tasks", "gathered", "waited_for", "weak_references",
    "collected_cycles", "sets_of_objects", "objects_in_texts", "random_draws", "identities", "temporary_files",
    "hashes_of_texts", "lazy_imports", "listed_folder", "names_of_threads", "times_told", "queues_racing", "uncaught",
)  # fmt: skip
CLIENTS = (
    "texts_of_libraries", "sets_of_libraries", "slots_and_identities", "values_and_identities", "published_and_pulled",
    "contended_documents", "objects_in_buckets", "rows_in_tables", "killed_amid_calls",
)  # fmt: skip
"""Those that use other people's code, the back ends' clients included, and are struck by faults."""
TOPOLOGY = {
    "project": "dice-project",
    "buckets": {"dice": {"location": "US-WEST2"}},
    "topics": {"thrown": {"subscriptions": {"thrown-sub": {"ack_deadline": "60s"}}}},
    "datasets": {"dice": {"tables": {"throws": {"schema": [
        {"name": "n", "type": "INT64"}, {"name": "text", "type": "STRING"}]}}}},
}  # fmt: skip
FAULTS = (
    {"id": "refused", "call": {"service": "*", "caller": "program"}, "probability": 0.05, "refuse": 503, "at_least": 0},
    {
        "id": "slow",
        "call": {"service": "*", "caller": "program"},
        "probability": 0.3,
        "delay": "3s",
        "at_least": 0,
    },
)


def _world(name):
    def build(tunnel):
        tunnel.worker("program", main=f"dice.programs:{name}", instances=2, restart_s=3600)

    return build


def _world_with_back_ends(name):
    def build(tunnel):
        for service in ("bigquery", "pubsub", "firestore"):
            tunnel.backend(service, project="dice-project")
        tunnel.backend("gcs")
        tunnel.topology(TOPOLOGY)
        tunnel.worker("program", main=f"dice.clients:{name}", instances=2, restart_s=60)

    return build


globals().update({name: _world(name) for name in NAMES})
globals().update({name: _world_with_back_ends(name) for name in CLIENTS})
