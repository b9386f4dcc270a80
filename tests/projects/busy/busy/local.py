"""Threads, every kind of lock, queues, logging, lazy imports and files."""

import concurrent.futures
import logging
import logging.handlers
import pathlib
import queue
import tempfile
import threading
import time

from busy import told


def _work(number):
    with told.cleaning_up("work"):
        import slowlib
        import slowlib.late

        import busy.slow

        logging.getLogger("busy.local").warning("work %d", number)
        slowlib.guarded(lambda: time.sleep(0.002))
        assert slowlib.late.READY
        return busy.slow.VALUE + number


def _meet(barrier, event, condition, done):
    barrier.wait()
    event.wait()
    with condition:
        done.append(1)
        condition.notify_all()


def main():
    records = queue.Queue()
    path = pathlib.Path(tempfile.mkdtemp()) / "log.txt"
    file = logging.FileHandler(path)
    listener = logging.handlers.QueueListener(records, file)
    logging.getLogger().addHandler(logging.handlers.QueueHandler(records))
    listener.start()
    with told.cleaning_up("main"):
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            total = sum(pool.map(_work, range(4)))
            futures = [pool.submit(time.sleep, 0.001 * n) for n in range(3)]
            concurrent.futures.wait(futures)
        items, simple = queue.Queue(2), queue.SimpleQueue()
        feeder = threading.Thread(target=lambda: [items.put(n) or simple.put(n) for n in range(5)])
        feeder.start()
        total += sum(items.get() + simple.get() for _ in range(5))
        feeder.join()
        barrier, event, condition, done = threading.Barrier(3), threading.Event(), threading.Condition(), []
        threads = [threading.Thread(target=_meet, args=(barrier, event, condition, done)) for _ in range(2)]
        for thread in threads:
            thread.start()
        barrier.wait()
        event.set()
        with condition:
            condition.wait_for(lambda: len(done) == 2)
        threading.Timer(0.01, event.clear).start()
        time.sleep(0.02)
    listener.stop()
    file.close()
    told.finished(total=total, logged=len(path.read_text().splitlines()))
