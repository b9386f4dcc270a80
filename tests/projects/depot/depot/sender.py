"""Sends a burst of requests at a moment, each until it is taken, with the back-off of a push: 10 s to 600 s."""

import http.client
import os
import threading
import time


def burst():
    time.sleep(float(os.environ["AFTER_S"]))
    count, over_s = int(os.environ["MESSAGES"]), float(os.environ["OVER_S"])
    senders = []
    for number in range(count):
        sender = threading.Thread(target=deliver, args=(number,))
        sender.start()
        senders.append(sender)
        time.sleep(over_s / count)
    for sender in senders:
        sender.join()


def deliver(number):
    wait_s = 10
    while True:
        connection = http.client.HTTPConnection("worker", timeout=300)
        connection.request("POST", "/work", body=str(number), headers={"X-Number": str(number)})
        status = connection.getresponse().status
        connection.close()
        if status < 300:
            return
        time.sleep(wait_s)
        wait_s = min(600, 2 * wait_s)
