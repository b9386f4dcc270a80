"""Who misspells a topology is told the place, the value and the remedy; who writes only names gets what they mean."""

import pytest

from fakes.bigquery import create as create_bigquery
from fakes.gcs import create as create_gcs
from fakes.pubsub import create as create_pubsub
from harness.topology import provision
from harness.tunnel import DeclarationError
from tests.fakes.manual import ManualSurroundings


@pytest.fixture
def backends():
    around = ManualSurroundings()
    made = {"bigquery": create_bigquery(around), "gcs": create_gcs(around), "pubsub": create_pubsub(around)}
    yield made
    for backend in made.values():
        backend.close()


def table(**shape):
    return {"datasets": {"s": {"tables": {"t": shape}}}}


def view(**shape):
    return {"datasets": {"s": {"views": {"v": shape}}}}


def test_names_alone_are_enough(backends):
    datasets = {"sports": {"tables": ["games"]}}
    provision(backends, {"buckets": ["raw"], "topics": {"loaded": {"subscriptions": ["audit"]}}, "datasets": datasets})
    assert list(backends["gcs"].service.store.buckets) == ["raw"]
    assert [name.rpartition("/")[2] for name in backends["pubsub"].broker.subscriptions] == ["audit"]
    assert backends["bigquery"].service.catalog.find(("windtunnel", "sports", "games")) is not None


def test_what_another_world_of_the_topology_has_is_left_alone(backends):
    provision({"gcs": backends["gcs"]}, {"project": "p", "buckets": {"raw": None}, "datasets": {"sports": 7}})
    assert list(backends["gcs"].service.store.buckets) == ["raw"]


@pytest.mark.parametrize(
    ("topology", "says"),
    [
        ({"tables": {"games": {}}}, "tables stand under their dataset: {datasets: {my-dataset: {tables: …}}}"),
        ({"bucket": ["raw"]}, "there is no part 'bucket'; did you mean 'buckets'?"),
        ({"buckets": "raw"}, "topology buckets is 'raw'; it must be a list of names, or names with their settings"),
        ({"buckets": {"raw": "US"}}, "topology buckets.raw is 'US'; it must be a mapping of settings, or empty"),
        ({"buckets": ["Raw"]}, "topology buckets.Raw: the service refuses it"),
        ({"topics": {"loaded": {"subscription": ["a"]}}}, "topology topics.loaded has an unknown key 'subscription'"),
        ({"topics": {"loaded": {"subscriptions": "a"}}}, "topology topics.loaded.subscriptions is 'a'"),
        ({"datasets": {"sports": {"table": {}}}}, "topology datasets.sports has an unknown key 'table'"),
        ({"datasets": {"a-b": {}}}, "topology datasets.a-b: the service refuses it"),
        (table(schema="id"), "topology datasets.s.tables.t.schema is 'id'"),
        (table(schema=[{"name": "a", "type": "TEXT"}]), "topology datasets.s.tables.t: the service refuses it"),
        (table(partition={"by": "d"}), "topology datasets.s.tables.t.partition has an unknown key 'by'"),
        (
            table(partition={"type": "RANGE"}),
            "t.partition is of type RANGE and has no field",
        ),
        (view(), "topology datasets.s.views.v has no query"),
        (view(query="SELEC"), "topology datasets.s.views.v: the service refuses it"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_remedy(backends, topology, says):
    with pytest.raises(DeclarationError) as error:
        provision(backends, topology)
    assert says in str(error.value)


def test_a_back_end_of_a_users_may_have_a_part_of_its_own():
    class Theirs:
        def provision(self, topology):
            self.seen = topology["queues"]

    theirs = Theirs()
    provision({"queue": theirs}, {"queues": ["a"]})
    assert theirs.seen == ["a"]
