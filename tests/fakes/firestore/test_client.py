"""What users do with the client, and what the service makes of it."""

import datetime
import threading

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter, Or
from google.cloud.firestore_v1.query_profile import ExplainOptions

from fakes.seam import LoseReply, Refuse, Ruling, ServeStale
from tests.fakes.firestore.conftest import PROJECT


def test_a_document_is_written_read_merged_updated_and_deleted(client):
    ref = client.collection("phase3_completion").document("2026-01-16")
    assert not ref.get().exists
    ref.set({"PGS": {"status": "success", "rows": 10}, "_mode": "overnight"})
    ref.set({"TeamOffense": {"status": "success"}}, merge=True)
    ref.update({"PGS.rows": 11, "_mode": firestore.DELETE_FIELD})
    assert ref.get().to_dict() == {
        "PGS": {"status": "success", "rows": 11},
        "TeamOffense": {"status": "success"},
    }
    ref.delete()
    ref.delete()
    assert not ref.get().exists


def test_create_fails_if_it_is_there_and_update_if_it_is_not(client):
    ref = client.document("locks/a")
    ref.create({"holder": "x"})
    with pytest.raises(exceptions.AlreadyExists):
        ref.create({"holder": "y"})
    with pytest.raises(exceptions.NotFound, match="No document to update"):
        client.document("locks/b").update({"holder": "y"})


def test_a_write_conditional_on_an_old_update_time_fails(client):
    ref = client.document("locks/a")
    first = ref.set({"holder": "x"})
    ref.set({"holder": "y"})
    with pytest.raises(exceptions.FailedPrecondition):
        ref.delete(option=client.write_option(last_update_time=first.update_time))
    assert ref.get().to_dict() == {"holder": "y"}


def test_a_write_that_changes_nothing_keeps_the_update_time(client):
    ref = client.document("locks/a")
    first = ref.set({"holder": "x"})
    again = ref.set({"holder": "x"})
    changed = ref.set({"holder": "y"})
    assert first.update_time == again.update_time < changed.update_time


def test_every_kind_of_value_comes_back_as_it_went(client):
    moment = datetime.datetime(2026, 1, 16, 9, 0, 0, 123456, tzinfo=datetime.UTC)
    data = {
        "null": None,
        "bool": True,
        "int": -(2**63),
        "float": 0.1,
        "text": "LeBron Jr. é",
        "bytes": b"\x00\xff",
        "when": moment,
        "where": firestore.GeoPoint(34.04, -118.27),
        "ref": client.document("players/lebron"),
        "list": [1, "a", {"deep": [None]}],
        "map": {"a": {"b": {}}},
        "empty": [],
    }
    client.document("kinds/all").set(data)
    assert client.document("kinds/all").get().to_dict() == data


def test_transforms_work_on_what_is_there(client):
    ref = client.document("stats/s")
    ref.set({"n": 1, "list": [1, 2, 2], "text": "x"})
    ref.update(
        {
            "n": firestore.Increment(2),
            "fresh": firestore.Increment(5),
            "text": firestore.Increment(7),
            "list": firestore.ArrayUnion([2, 3]),
            "top": firestore.Maximum(9),
            "at": firestore.SERVER_TIMESTAMP,
        }
    )
    ref.update({"list": firestore.ArrayRemove([2]), "top": firestore.Minimum(4)})
    got = ref.get()
    at = got.to_dict().pop("at")
    assert {key: value for key, value in got.to_dict().items() if key != "at"} == {
        "n": 3,
        "fresh": 5,
        "text": 7,
        "list": [1, 3],
        "top": 4,
    }
    assert at <= got.update_time


def test_a_batch_is_all_or_nothing(client):
    client.document("a/1").set({"n": 1})
    batch = client.batch()
    batch.set(client.document("a/2"), {"n": 2})
    batch.update(client.document("a/none"), {"n": 3})
    with pytest.raises(exceptions.NotFound):
        batch.commit()
    assert [one.id for one in client.collection("a").stream()] == ["1"]


def test_a_bulk_writer_says_of_each_write_what_became_of_it(client):
    client.document("a/1").set({"n": 1})
    failed = []
    writer = client.bulk_writer()
    writer.on_write_error(lambda failure, _writer: failed.append(failure.operation.reference.id) or False)
    writer.create(client.document("a/1"), {"n": 9})
    writer.create(client.document("a/2"), {"n": 2})
    writer.close()
    assert failed == ["1"]
    assert {one.id: one.to_dict()["n"] for one in client.collection("a").stream()} == {"1": 1, "2": 2}


def test_subcollections_are_found_below_their_document(client):
    batch = client.document("prediction_batches/b1")
    batch.set({"players": 2})
    for player in ("lebron", "curry"):
        batch.collection("completions").document(player).set({"done": True})
    client.document("prediction_batches/b2/completions/luka").set({"done": True})
    assert [one.id for one in batch.collections()] == ["completions"]
    assert [one.id for one in batch.collection("completions").stream()] == ["curry", "lebron"]
    assert [one.id for one in client.collection("prediction_batches").stream()] == ["b1"]
    assert [one.id for one in client.collection("prediction_batches").list_documents()] == ["b1", "b2"]
    assert [one.id for one in client.collection_group("completions").stream()] == ["curry", "lebron", "luka"]
    assert [one.id for one in client.collections()] == ["prediction_batches"]


@pytest.fixture
def players(client):
    rows = [
        ("curry", {"team": "GSW", "points": 30, "tags": ["guard", "star"]}),
        ("davis", {"team": "LAL", "points": 24.5, "tags": ["centre"]}),
        ("green", {"team": "GSW", "points": 8, "out": None}),
        ("james", {"team": "LAL", "points": 30, "tags": ["forward", "star"]}),
        ("luka", {"team": "DAL", "points": "dnp"}),
    ]
    collection = client.collection("players")
    for name, data in rows:
        collection.document(name).set(data)
    return collection


def ids(query):
    return [one.id for one in query.stream()]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([("team", "==", "LAL")], ["davis", "james"]),
        ([("team", "!=", "LAL")], ["luka", "curry", "green"]),
        ([("points", ">", 24)], ["davis", "curry", "james"]),
        ([("points", "<=", 24.5)], ["green", "davis"]),
        ([("points", ">=", "a")], ["luka"]),
        ([("team", "==", "GSW"), ("points", ">", 8)], ["curry"]),
        ([("team", "in", ["DAL", "LAL"])], ["davis", "james", "luka"]),
        ([("team", "not-in", ["DAL", "LAL"])], ["curry", "green"]),
        ([("tags", "array_contains", "star")], ["curry", "james"]),
        ([("tags", "array_contains_any", ["centre", "guard"])], ["curry", "davis"]),
        ([("out", "==", None)], ["green"]),
    ],
)
def test_filters_find_what_they_say(players, filters, found):
    query = players
    for field, op, value in filters:
        query = query.where(filter=FieldFilter(field, op, value))
    assert ids(query) == found


def test_or_order_cursor_offset_limit_and_projection(players):
    either = Or([FieldFilter("team", "==", "DAL"), FieldFilter("points", "==", 8)])
    assert ids(players.where(filter=either)) == ["green", "luka"]
    by_points = players.order_by("points", direction=firestore.Query.DESCENDING)
    assert ids(by_points) == ["luka", "james", "curry", "davis", "green"]
    assert ids(by_points.limit(2).offset(1)) == ["james", "curry"]
    assert ids(by_points.start_at({"points": 30}).end_before({"points": 8})) == ["james", "curry", "davis"]
    assert ids(by_points.start_after(players.document("james").get())) == ["curry", "davis", "green"]
    assert [one.id for one in players.order_by("points").limit_to_last(2).get()] == ["james", "luka"]
    assert players.select(["team"]).limit(1).get()[0].to_dict() == {"team": "GSW"}
    assert ids(players.order_by("out")) == ["green"]


def test_counts_sums_and_averages(players):
    lakers = players.where(filter=FieldFilter("team", "==", "LAL"))
    assert lakers.count(alias="n").get()[0][0].value == 2
    assert lakers.sum("points").get()[0][0].value == 54.5
    assert lakers.avg("points").get()[0][0].value == 27.25


def test_six_clients_of_five_contended_increments_make_thirty(served):
    def increments():
        client = firestore.Client(project=PROJECT)
        ref = client.document("counters/c")

        @firestore.transactional
        def increment(transaction):
            present = ref.get(transaction=transaction).to_dict() or {"n": 0}
            transaction.set(ref, {"n": present["n"] + 1})

        for _ in range(5):
            increment(client.transaction())
        client.close()

    threads = [threading.Thread(target=increments) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    client = firestore.Client(project=PROJECT)
    assert client.document("counters/c").get().to_dict() == {"n": 30}
    assert served.backend.database.locks.is_idle()


def test_an_optimistic_transaction_is_aborted_by_a_change_and_retried_by_the_client(serve):
    served = serve(concurrency="optimistic")
    client, other = firestore.Client(project=PROJECT), firestore.Client(project=PROJECT)
    ref = client.document("counters/c")
    ref.set({"n": 0})
    tries = []

    @firestore.transactional
    def increment(transaction):
        present = ref.get(transaction=transaction).to_dict()["n"]
        tries.append(present)
        if len(tries) == 1:
            other.document("counters/c").set({"n": 10})
        transaction.set(ref, {"n": present + 1})

    increment(client.transaction())
    assert tries == [0, 10]
    assert ref.get().to_dict() == {"n": 11}
    commits = [
        fields["status"] for kind, fields in served.events if kind == "call" and fields["method"].endswith("Commit")
    ]
    assert commits == ["OK", "OK", "ABORTED", "OK"]


def test_a_query_in_a_transaction_sees_no_phantom(served, client):
    other = firestore.Client(project=PROJECT)
    tries = []

    @firestore.transactional
    def claim(transaction):
        found = list(transaction.get(client.collection("claims").where(filter=FieldFilter("game", "==", "g"))))
        tries.append(len(found))
        if len(tries) == 1:
            other.document("claims/theirs").set({"game": "g"})
        if not found:
            transaction.set(client.document("claims/ours"), {"game": "g"})

    claim(client.transaction())
    assert tries == [0, 1]
    assert [one.id for one in client.collection("claims").stream()] == ["theirs"]


def test_a_read_only_transaction_sees_one_moment(client):
    ref = client.document("counters/c")
    ref.set({"n": 1})

    @firestore.transactional
    def look(transaction):
        before = ref.get(transaction=transaction).to_dict()
        ref.set({"n": 2})
        return before, ref.get(transaction=transaction).to_dict()

    assert look(client.transaction(read_only=True)) == ({"n": 1}, {"n": 1})


def test_a_commit_whose_answer_was_lost_is_applied(served, client):
    ref = client.document("counters/c")
    ref.set({"n": 1})
    served.rulings["Commit"] = Ruling(LoseReply(), "lost-commit")
    ref.update({"n": firestore.Increment(1)})
    # The client repeats a commit after UNAVAILABLE, so the increment happens twice: as at the service.
    assert ref.get().to_dict() == {"n": 3}


def test_a_refusal_reaches_the_caller_by_its_own_exception(served, client):
    served.rulings["Commit"] = Ruling(Refuse(403), "denied")
    with pytest.raises(exceptions.PermissionDenied):
        client.document("a/b").set({})


def test_listening_brings_the_first_state_and_every_change(client):
    seen = []
    arrived = threading.Condition()

    def callback(snapshots, changes, _read_time):
        with arrived:
            seen.append(
                (
                    [one.id for one in snapshots],
                    sorted((change.type.name, change.document.id) for change in changes),
                )
            )
            arrived.notify()

    def wait_for(count):
        with arrived:
            assert arrived.wait_for(lambda: len(seen) >= count, timeout=10)

    collection = client.collection("games")
    collection.document("g1").set({"status": 1})
    watch = collection.where(filter=FieldFilter("status", "==", 1)).on_snapshot(callback)
    wait_for(1)
    collection.document("g2").set({"status": 1})
    wait_for(2)
    collection.document("g1").set({"status": 3})
    wait_for(3)
    collection.document("g2").delete()
    wait_for(4)
    watch.unsubscribe()
    assert seen == [
        (["g1"], [("ADDED", "g1")]),
        (["g1", "g2"], [("ADDED", "g2")]),
        (["g2"], [("REMOVED", "g1")]),
        ([], [("REMOVED", "g2")]),
    ]


def test_a_document_beyond_one_mebibyte_is_refused(client):
    with pytest.raises(exceptions.InvalidArgument, match="1,048,576"):
        client.document("a/b").set({"x": "y" * 1_048_577})


def test_a_field_with_a_hyphen_is_reached_in_back_ticks(client):
    ref = client.document("a/b")
    ref.set({"team-offense": {"n": 1}})
    ref.update({"`team-offense`.n": 2})
    assert ref.get().to_dict() == {"team-offense": {"n": 2}}


def test_collections_are_listed_as_they_were(client):
    then = client.document("a/1").set({}).update_time
    client.document("b/1").set({})
    assert [one.id for one in client.collections()] == ["a", "b"]
    assert [one.id for one in client.collections(read_time=then)] == ["a"]


def test_a_precondition_from_the_future_is_an_invalid_argument(client):
    ref = client.document("locks/a")
    future = ref.set({"n": 1}).update_time + datetime.timedelta(hours=1)
    with pytest.raises(exceptions.InvalidArgument):
        ref.delete(option=client.write_option(last_update_time=future))


def test_the_result_of_a_delete_has_no_update_time(client):
    batch = client.batch()
    batch.delete(client.document("a/b"))
    [result] = batch.commit()
    assert not result._pb.HasField("update_time")


def test_a_recursive_query_and_delete_reach_everything_below(client):
    collection = client.collection("philosophers")
    paths = ["Plato", "Plato/pets/Cuddles", "Socrates", "Socrates/hobbies/writing"]
    for path in paths:
        client.document(f"philosophers/{path}").set({})
    client.document("philosophers2/other").set({})
    assert [one.id for one in collection.recursive().get()] == ["Plato", "Cuddles", "Socrates", "writing"]
    assert client.recursive_delete(collection) == 4
    assert [one.id for one in client.collections()] == ["philosophers2"]


def test_aggregations_without_sense_are_refused(client):
    query = client.collection("a")
    with pytest.raises(exceptions.InvalidArgument, match="duplicate alias"):
        query.count(alias="n").count(alias="n").get()
    many = query.count(alias="n0")
    for number in range(1, 6):
        many = many.count(alias=f"n{number}")
    with pytest.raises(exceptions.InvalidArgument, match="maximum"):
        many.get()


def test_a_limited_sum_takes_the_smallest_and_counts_only_documents_that_have_the_field(client):
    for name, data in (("a", {"n": 3}), ("b", {"n": 1}), ("c", {"n": 2}), ("d", {})):
        client.collection("sums").document(name).set(data)
    limited = client.collection("sums").limit(2).sum("n", alias="total").count(alias="count")
    assert {one.alias: one.value for one in limited.get()[0]} == {"total": 3, "count": 2}


def test_a_stale_read_shows_what_was_there(served, client):
    ref = client.document("locks/a")
    ref.set({"holder": "old"})
    threading.Event().wait(0.3)
    ref.set({"holder": "new"})
    served.rulings["BatchGetDocuments"] = Ruling(ServeStale(0.2), "stale")
    assert ref.get().to_dict() == {"holder": "old"}
    assert ref.get().to_dict() == {"holder": "new"}


def test_a_stale_write_is_refused_as_impossible(served, client):
    served.rulings["Commit"] = Ruling(ServeStale(1.0), "stale")
    with pytest.raises(exceptions.MethodNotImplemented, match="keeps no past"):
        client.document("locks/a").set({})


def test_a_method_that_is_not_emulated_refuses_by_name_and_is_told_to_the_history(served, client):
    """A pipeline that uses one must not pass for judged."""
    with pytest.raises(exceptions.MethodNotImplemented, match=r"the firestore emulator does not do .*/ExecutePipeline"):
        list(client.pipeline().collection("games").stream())
    assert [fields["method"] for kind, fields in served.events if kind == "unsupported"] == [
        "google.firestore.v1.Firestore/ExecutePipeline"
    ]


def test_documents_that_are_there_are_told_before_the_missing(client):
    there = [client.document("games/a"), client.document("games/c")]
    for ref in there:
        ref.set({"n": 1})
    found = list(client.get_all([there[0], client.document("games/b"), there[1]]))
    assert [(one.id, one.exists) for one in found] == [("a", True), ("c", True), ("b", False)]


def test_a_document_asked_for_twice_is_told_once(client):
    client.document("games/a").set({"n": 1})
    assert len(list(client.get_all([client.document("games/a"), client.document("games/a")]))) == 1


def test_to_explain_a_query_is_refused_and_not_answered_with_its_results(client):
    games = client.collection("games")
    for query in (games.where(filter=FieldFilter("n", ">", 0)), games.count()):
        with pytest.raises(exceptions.MethodNotImplemented, match="does not do explain_options"):
            list(query.stream(explain_options=ExplainOptions(analyze=False)))
