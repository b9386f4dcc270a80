"""google-cloud-storage against the emulator: uploads of every kind, downloads, checksums, threads, failures."""

import io
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from fakes.seam import LoseReply, Refuse, Ruling, Truncate
from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.emulated import emulated

ABOUT = Library("google-cloud-storage", loads=("google.cloud.storage", "google.cloud.storage.transfer_manager"))

DATA = bytes(range(256)) * 8192


def bucket() -> tuple[Any, Any]:
    from google.cloud import storage

    around, backend = emulated("gcs")
    backend.provision({"buckets": {"shop-files": {"location": "US"}}})
    return around, storage.Client().bucket("shop-files")


@contract(ABOUT)
def test_a_multipart_upload_is_retried_and_its_checksum_agrees(trace: Trace) -> None:
    around, files = bucket()
    random.uniform = lambda low, high: high  # type: ignore[method-assign]  # jitter at its longest
    random.random = lambda: 1.0  # type: ignore[method-assign]  # likewise
    around.rulings = [("objects.insert", Ruling(Refuse(503), "f")), ("objects.insert", Ruling(Refuse(429), "f"))]
    blob = files.blob("small")
    blob.upload_from_string(b"contents", if_generation_match=0)
    trace(around.outcomes("objects.insert"), blob.crc32c, blob.generation is not None)
    trace(files.blob("small").download_as_bytes(checksum="crc32c").decode())
    trace.expect((3.004, ["refused", "refused", "ok"], "E2fhmA==", True), (3.005, "contents"))


@contract(ABOUT)
def test_a_resumable_upload_goes_on_where_it_was_cut_off(trace: Trace) -> None:
    around, files = bucket()
    random.uniform = lambda low, high: high  # type: ignore[method-assign]  # jitter at its longest
    random.random = lambda: 1.0  # type: ignore[method-assign]  # likewise
    blob = files.blob("big", chunk_size=512 * 1024)
    around.rulings = [("objects.insert", Ruling(LoseReply(), "f")), ("objects.insert", Ruling(Refuse(503), "f"))]
    blob.upload_from_file(io.BytesIO(DATA), size=len(DATA), checksum="md5")
    blob.reload()
    trace(blob.size == len(DATA), around.outcomes("objects.insert"))
    trace(files.blob("big").download_as_bytes() == DATA)
    trace.expect((3.009, True, ["lost", "refused", "ok"]), (3.011, True))


@contract(ABOUT)
def test_downloads_by_range_by_chunk_and_of_a_torn_answer(trace: Trace) -> None:
    around, files = bucket()
    files.blob("big").upload_from_string(DATA)
    trace(files.blob("big").download_as_bytes(start=100, end=299) == DATA[100:300])
    out = io.BytesIO()
    files.blob("big", chunk_size=256 * 1024).download_to_file(out)
    trace(out.getvalue() == DATA)
    around.rulings = [("objects.get", Ruling(Truncate(1000), "f"))]
    trace(files.blob("big").download_as_bytes() == DATA)
    trace.expect((0.004, True), (0.012, True), (0.2021, True))


@contract(ABOUT)
def test_preconditions_and_missing_objects_are_the_librarys_own_errors(trace: Trace) -> None:
    from google.api_core import exceptions

    _, files = bucket()
    files.blob("once").upload_from_string("first", if_generation_match=0)
    for act in (
        lambda: files.blob("once").upload_from_string("second", if_generation_match=0),
        lambda: files.blob("none").download_as_bytes(),
    ):
        try:
            act()
        except exceptions.GoogleAPICallError as error:
            trace(type(error).__name__)
    trace.expect((0.003, "PreconditionFailed"), (0.004, "NotFound"))


@contract(ABOUT)
def test_transfer_manager_moves_files_with_threads(trace: Trace) -> None:
    from google.cloud.storage import transfer_manager

    _, files = bucket()
    threads = {"worker_type": transfer_manager.THREAD, "max_workers": 4}
    with tempfile.TemporaryDirectory() as folder:
        names = [f"part-{number}" for number in range(6)]
        for number, name in enumerate(names):
            (Path(folder) / name).write_bytes(DATA[: 1000 * number + 10])
        sent = transfer_manager.upload_many_from_filenames(files, names, source_directory=folder, **threads)
        trace("sent", sent)
        files.blob("big").upload_from_string(DATA)
        target = Path(folder) / "big"
        transfer_manager.download_chunks_concurrently(files.blob("big"), str(target), chunk_size=1 << 19, **threads)
        trace("fetched", target.read_bytes() == DATA)
        transfer_manager.upload_chunks_concurrently(str(target), files.blob("copy"), chunk_size=5 << 20, **threads)
    trace(sorted([blob.name, blob.size] for blob in files.list_blobs()))
    trace.expect(
        (0.003, "sent", [None, None, None, None, None, None]),
        (0.007, "fetched", True),
        (
            0.012,
            [
                ["big", 2097152],
                ["copy", 2097152],
                ["part-0", 10],
                ["part-1", 1010],
                ["part-2", 2010],
                ["part-3", 3010],
                ["part-4", 4010],
                ["part-5", 5010],
            ],
        ),
    )


@contract(
    ABOUT,
    refused=True,
    remedy="use concurrent.futures.ThreadPoolExecutor or threads",
    know="transfer_manager's default worker_type is PROCESS; pass worker_type=transfer_manager.THREAD",
)
def test_transfer_manager_with_processes_is_refused(trace: Trace) -> None:
    from google.cloud.storage import transfer_manager

    _, files = bucket()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "name").write_bytes(b"x")
        transfer_manager.upload_many_from_filenames(files, ["name"], source_directory=folder, max_workers=2)


@contract(ABOUT)
def test_a_blob_opens_as_a_file_and_a_batch_is_one_request(trace: Trace) -> None:
    _, files = bucket()
    with files.blob("lines").open("w") as file:
        for number in range(1000):
            file.write(f"line {number}\n")
    with files.blob("lines").open("r") as file:
        trace(len(file.readlines()))
    for number in range(5):
        files.blob(f"old/{number}").upload_from_string("x")
    old = list(files.list_blobs(prefix="old/"))
    with files.client.batch():
        for blob in old:
            blob.delete()
    trace([blob.name for blob in files.list_blobs()])
    trace.expect((0.006, 1000), (0.014, ["lines"]))


@contract(ABOUT)
def test_a_time_out_is_given_up_after_the_retries_deadline(trace: Trace) -> None:
    from google.api_core import exceptions, retry

    around, files = bucket()
    files.blob("name").upload_from_string("x")
    around.rulings = [("objects.get", Ruling(Refuse(503), "f")) for _ in range(100)]
    policy = retry.Retry(predicate=retry.if_transient_error, initial=1, maximum=8, multiplier=2, timeout=30)
    random.uniform = lambda low, high: high  # type: ignore[method-assign]  # jitter at its longest
    began = time.monotonic()
    try:
        files.blob("name").reload(retry=policy)
    except exceptions.RetryError as error:
        trace(type(error.cause).__name__, round(time.monotonic() - began, 2), len(around.outcomes("objects.get")))
    trace.expect((23.008, "ServiceUnavailable", 23.01, 6))
