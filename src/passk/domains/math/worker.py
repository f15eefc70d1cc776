"""The worker process: `python -m passk.domains.math.worker OPTIONS`, one request a line.

A request holds the fields of a `WorkerRequest`, a reply those of a `Verdict`; both are JSON, in the
same order. The first line out is `[]`: ready.

The hard limits are the kernel's: signals that nobody handles end the process even inside C code
and even when the parent is gone. SIGPROF comes when an item has used up its processor time, which
decides it, SIGALRM after a wall time far above, which only says that the machine was too busy.
Math-Verify's own alarms are off, so nothing resets them.
"""

import json
import os
import resource
import signal
import sys
from typing import IO, Any


def _reply(out: IO[str], message: object) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


def _limit(cpu: float, wall: float) -> None:
    """Begin to count anew; 0 ends counting."""
    signal.setitimer(signal.ITIMER_PROF, cpu)
    signal.setitimer(signal.ITIMER_REAL, wall)


def serve(requests: IO[str], replies: IO[str], settings: dict[str, Any]) -> None:
    """Judge until the parent closes the pipe.

    Args:
        requests: where requests come from.
        replies: where verdicts go.
        settings: `options` of the grader, `cpu` and `wall` in seconds, `memory` in bytes.
    """
    from passk.domains.math import mathverify
    from passk.domains.math.options import MathOptions

    mathverify.quiet()
    options = MathOptions(**settings["options"])
    resource.setrlimit(resource.RLIMIT_AS, (settings["memory"], settings["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    _reply(replies, [])
    for line in requests:
        gold, answer = json.loads(line)
        _limit(settings["cpu"], settings["wall"])
        verdict = mathverify.judge(gold, answer, options)
        _limit(0, 0)
        _reply(replies, verdict)


if __name__ == "__main__":
    # Whatever a library prints must not end up among the replies.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; Ctrl-C reaches both
    serve(sys.stdin, answers, json.loads(sys.argv[1]))
