"""A stranger's warehouse job: it reads, streams and loads tables in which something is wrong for a while."""
