"""A process that speaks the protocol of engines and draws without a model: token i is i.

Environment variables make it fail: `DIE_AFTER=N` blocks, once if `DIED` names a file that is not
there yet; `FAIL=TEXT` at the start; `HANG=1` before it is ready.
"""

import os
import queue
import sys
import threading
import time
from pathlib import Path

import numpy as np

from passk.sampling.engines import pipes


def draw(message, out):
    count = len(message["streams"])
    tokens = np.arange(3 * count, dtype="<i4")
    pipes.send(out, {"done": count})
    payload = tokens.tobytes() + np.zeros(3 * count, "<f4").tobytes()
    pipes.send(out, {"block": message["block"], "samples": [[3, "stop"]] * count}, payload)


def main():
    stream, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    received = queue.Queue()

    def listen():
        while (message := pipes.receive(stream)) is not None:
            received.put(message[0])
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    variables = received.get()["variables"]
    print("starting", flush=True)
    pipes.send(out, {"hello": {"source": "toy", "engine": "toy 1"}})
    load = received.get()["load"]
    if reason := variables.get("FAIL"):
        pipes.send(out, {"failed": reason})
        sys.exit(1)
    if variables.get("HANG"):
        time.sleep(60)
    pipes.send(out, {"ready": {"context": load["longest"]}})
    died = Path(variables.get("DIED", "/dev/null"))
    left = int(variables.get("DIE_AFTER", 10**9))
    while True:
        message = received.get()
        if message.get("length", 0) > load["longest"]:
            pipes.send(out, {"refused": message["block"], "reason": "too long"})
            continue
        if left == 0 and not died.is_file():
            if died != Path("/dev/null"):
                died.touch()
            pipes.send(out, {"done": 1})
            print("the last words", file=sys.stderr, flush=True)
            os.kill(os.getpid(), 9)
        left -= 1
        draw(message, out)


main()
