"""The worker process: `python -m passk.domains.math.worker OPTIONS`, one request a line.

A request is `[number, gold, text, boxed]`, a reply `[number, verdict, reason, answer]` or
`[number]` where the whole response is wanted; both are JSON. The first line out is `[]`: ready.

The hard limit is the kernel's: SIGALRM, not handled by anybody, ends the process even inside C
code and even when the parent is gone. Math-Verify's own alarms are off, so nothing resets it.
"""

import json
import os
import resource
import signal
import sys
from typing import IO, Any


def _reply(out: IO[str], *message: object) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


def serve(requests: IO[str], replies: IO[str], settings: dict[str, Any]) -> None:
    """Judge until the parent closes the pipe.

    Args:
        requests: where requests come from.
        replies: where verdicts go.
        settings: `options` of the grader, `timeout` in seconds, `memory` in bytes.
    """
    from passk.domains.math import mathverify
    from passk.domains.math.options import MathOptions

    mathverify.quiet()
    options = MathOptions(**settings["options"])
    resource.setrlimit(resource.RLIMIT_AS, (settings["memory"], settings["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _reply(replies)
    for line in requests:
        number, gold, text, boxed = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, settings["timeout"])
        verdict = mathverify.judge(gold, text, boxed, options)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _reply(replies, number, *(verdict or ()))


if __name__ == "__main__":
    # Whatever a library prints must not end up among the replies.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; Ctrl-C reaches both
    serve(sys.stdin, answers, json.loads(sys.argv[1]))
