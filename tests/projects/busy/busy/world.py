"""A world for each program: a victim and a witness that do the same at the same time."""

import functools
import tempfile

PROJECT = "busy-project"


def build(program, backends, tunnel):
    for name in backends:
        tunnel.backend(name, **({} if name == "gcs" else {"project": PROJECT}))
    if program == "web":
        tunnel.service("echo", app="busy.echo:create_app", min_instances=1, max_instances=1)
    if backends:
        tunnel.prepare(f"busy.{program}:prepare")
    env = {"GOOGLE_CLOUD_PROJECT": PROJECT}
    if program == "rows":
        env["DATABASE"] = f"{tempfile.mkdtemp()}/rows.db"
    for name in ("victim", "witness"):
        tunnel.worker(name, main=f"busy.{program}:main", restart_s=1, env={**env, "NAME": name})


local = functools.partial(build, "local", ())
web = functools.partial(build, "web", ())
tasks = functools.partial(build, "tasks", ())
bigquery = functools.partial(build, "query", ("bigquery",))
gcs = functools.partial(build, "objects", ("gcs",))
pubsub = functools.partial(build, "messages", ("pubsub",))
firestore = functools.partial(build, "documents", ("firestore",))
sqlite = functools.partial(build, "rows", ())
