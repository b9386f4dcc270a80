"""Access lists, policies, keys and batches are kept and shown as the service does."""

import pytest
from google.api_core import exceptions


def test_lists_of_buckets_and_objects_are_kept(bucket):
    bucket.acl.user("a@example.test").grant_read()
    bucket.acl.save()
    bucket.default_object_acl.domain("example.test").grant_owner()
    bucket.default_object_acl.save()
    blob = bucket.blob("x")
    blob.upload_from_string("1")
    blob.acl.reload()
    assert {"entity": "domain-example.test", "role": "OWNER"} in list(blob.acl)
    blob.acl.all().grant_read()
    blob.acl.save()
    assert "READER" in bucket.blob("x").acl.all().get_roles()
    blob.acl.save_predefined("private")
    assert len(list(blob.acl)) == 1
    bucket.acl.reload()
    assert "READER" in bucket.acl.user("a@example.test").get_roles()


def test_single_entries_are_changed_through_the_api(cloud, bucket):
    url = f"{cloud.url}/storage/v1/b/the-bucket/acl"
    made = cloud.http.post(url, json={"entity": "user-a@example.test", "role": "READER"})
    assert made.json()["email"] == "a@example.test"
    assert cloud.http.patch(f"{url}/user-a@example.test", json={"role": "WRITER"}).json()["role"] == "WRITER"
    assert cloud.http.delete(f"{url}/user-a@example.test").status_code == 204
    assert cloud.http.get(f"{url}/user-a@example.test").status_code == 404
    assert cloud.http.post(url, json={"entity": "allUsers", "role": "KING"}).status_code == 400


def test_uniform_access_switches_lists_off(bucket):
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.patch()
    bucket.blob("x").upload_from_string("1")
    with pytest.raises(exceptions.BadRequest, match="uniform bucket-level access"):
        bucket.acl.reload()
    with pytest.raises(exceptions.BadRequest, match="uniform bucket-level access"):
        bucket.blob("x").acl.reload()


def test_a_policy_is_replaced_only_under_its_etag(bucket):
    policy = bucket.get_iam_policy()
    policy["roles/storage.objectViewer"] = {"allUsers"}
    bucket.set_iam_policy(policy)
    assert bucket.get_iam_policy()["roles/storage.objectViewer"] == {"allUsers"}
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.set_iam_policy(policy)
    assert bucket.test_iam_permissions(["storage.buckets.get"]) == ["storage.buckets.get"]


def test_an_hmac_key_lives_until_it_is_switched_off_and_deleted(cloud):
    key, secret = cloud.client.create_hmac_key("robot@test-project.iam.gserviceaccount.com")
    assert len(secret) == 40
    assert [one.access_id for one in cloud.client.list_hmac_keys()] == [key.access_id]
    with pytest.raises(exceptions.BadRequest, match="ACTIVE"):
        cloud.client._connection.api_request("DELETE", f"/projects/test-project/hmacKeys/{key.access_id}")
    key.state = "INACTIVE"
    key.update()
    key.delete()
    assert list(cloud.client.list_hmac_keys()) == []
    assert [one.state for one in cloud.client.list_hmac_keys(show_deleted_keys=True)] == ["DELETED"]


def test_the_service_agent_has_an_address(cloud):
    assert cloud.client.get_service_account_email().endswith("@gs-project-accounts.iam.gserviceaccount.com")


def test_a_batch_answers_each_call_by_itself(cloud, bucket):
    for name in ("a", "b"):
        bucket.blob(name).upload_from_string(name)
    with pytest.raises(exceptions.NotFound), cloud.client.batch():
        bucket.delete_blob("a")
        bucket.delete_blob("none")
        bucket.blob("b").delete()
    assert cloud.backend.list_objects("the-bucket") == []
    deletes = [event["outcome"] for event in cloud.around.events if event["method"] == "storage.objects.delete"]
    assert deletes == ["ok", "error", "ok"]


def test_public_access_prevention_keeps_everybody_out(bucket):
    bucket.iam_configuration.public_access_prevention = "enforced"
    bucket.patch()
    with pytest.raises(exceptions.PreconditionFailed, match="public access prevention"):
        bucket.make_public()
    blob = bucket.blob("x")
    blob.upload_from_string("1")
    with pytest.raises(exceptions.PreconditionFailed, match="public access prevention"):
        blob.make_public()


def test_a_buckets_default_key_is_shown_on_its_objects(bucket):
    bucket.default_kms_key_name = "projects/p/locations/us/keyRings/r/cryptoKeys/k"
    bucket.patch()
    bucket.blob("x").upload_from_string("1")
    assert bucket.get_blob("x").kms_key_name == f"{bucket.default_kms_key_name}/cryptoKeyVersions/1"
