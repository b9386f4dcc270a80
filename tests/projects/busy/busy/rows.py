"""An SQLite file that victim and witness write in turn, in threads: transactions, waits for locks, and a journal."""

import concurrent.futures
import contextlib
import os
import sqlite3
import time

from busy import told

ROUNDS = 4
NAME = os.environ["NAME"]


def _connected():
    return contextlib.closing(sqlite3.connect(os.environ["DATABASE"], timeout=2, isolation_level=None))


def _count(number):
    with told.cleaning_up("count"), _connected() as database:
        for _ in range(ROUNDS):
            database.execute("BEGIN IMMEDIATE")
            ((before,),) = database.execute("SELECT n FROM counted WHERE name = ?", (NAME,))
            time.sleep(0.003)
            database.execute("UPDATE counted SET n = ? WHERE name = ?", (before + 1, NAME))
            database.execute("INSERT INTO entries VALUES (?, ?)", (NAME, before + 1))
            time.sleep(0.003)
            database.execute("COMMIT")


def main():
    with _connected() as database:
        database.execute("CREATE TABLE IF NOT EXISTS counted (name TEXT PRIMARY KEY, n INTEGER)")
        database.execute("CREATE TABLE IF NOT EXISTS entries (name TEXT, n INTEGER)")
        database.execute("INSERT OR IGNORE INTO counted VALUES (?, 0)", (NAME,))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(_count, range(2)))
    with _connected() as database:
        ((n,),) = database.execute("SELECT n FROM counted WHERE name = ?", (NAME,))
        ((entries, last),) = database.execute("SELECT COUNT(*), MAX(n) FROM entries WHERE name = ?", (NAME,))
        assert n == entries == last, "a transaction was torn"
        told.finished(written=n >= 2 * ROUNDS, whole=database.execute("PRAGMA integrity_check").fetchone()[0])
