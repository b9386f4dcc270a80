"""Cloud Storage: a resumable upload, a download, a listing."""

import os

from google.cloud import storage

from busy import told


def prepare():
    storage.Client(project="busy-project").create_bucket("busy-bucket")


def main():
    me = os.environ["K_SERVICE"]
    with told.cleaning_up("main"):
        client = storage.Client(project="busy-project")
        bucket = client.bucket("busy-bucket")
        blob = bucket.blob(f"{me}/big", chunk_size=256 * 1024)
        blob.upload_from_string(b"x" * 600_000)
        whole = len(bucket.blob(f"{me}/big").download_as_bytes())
        names = [found.name for found in client.list_blobs(bucket, prefix=f"{me}/")]
    told.finished(total=whole, names=names)
