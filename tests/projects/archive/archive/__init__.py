"""A stranger's archiver: files objects in Cloud Storage and hears of them over Pub/Sub."""
