"""One world for each program: `dice.worlds:NAME`."""

NAMES = (
    "as_completed", "set_of_futures", "set_of_threads", "set_of_tasks", "gathered", "waited_for", "weak_references",
    "collected_cycles", "sets_of_objects", "objects_in_texts", "random_draws", "identities", "temporary_files",
    "hashes_of_texts", "lazy_imports", "listed_folder", "names_of_threads", "times_told", "queues_racing", "uncaught",
)  # fmt: skip


def _world(name):
    def build(tunnel):
        tunnel.worker("program", main=f"dice.programs:{name}", instances=2, restart_s=3600)

    return build


globals().update({name: _world(name) for name in NAMES})
