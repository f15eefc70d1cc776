"""Programs per second in the sandbox: short ones, standard input, HumanEval+'s own solutions.

    python benchmarks/sandbox.py [HumanEvalPlus.jsonl.gz] [--servers 2] [--repeats 3]

Beside them the processor time of each (this process, servers and guests), which other work
on the machine disturbs less: what two quiet cores can do is 2 s of it a second. Standard input: a
program with 15 inputs, in one guest, and in a guest each; their ratio is that of one run.

`forks alone` is what no sandbox that gives a program a process of its own can be faster than: as
many bare interpreters as servers fork for each short program, and the child compiles it, calls it
and exits. It has no namespaces, filters, limits or messages. On virtual machines nearly all of it
is page faults after the fork.

Start-up of the servers is not counted. Nothing is compared with expected outputs here, which is
the judge's work; what is counted is running programs, encoding what they return, and reading it.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from passk.domains.code.sandbox.pool import Sandbox
from passk.domains.code.sandbox.task import FINISHED, Limits, Program
from passk.domains.code.sandbox.values import encode

PLUS = Path(__file__).parents[1] / "tests/data/real/code/HumanEvalPlus-v0.1.10.jsonl.gz"
SHORT = Program(
    "def f(xs):\n    return sum(x * x for x in xs if x % 2)",
    "f",
    tuple(encode([list(range(n))]) for n in range(8)),
)
LINES = tuple(f"{n}\n" for n in range(15))
DOUBLE = "n = int(input())\nprint(n * 2)"

FORKS = """
import gc, os, sys
source, count = sys.argv[1], int(sys.argv[2])
gc.freeze()
gc.disable()
for _ in range(count):
    if os.fork() == 0:
        names = {}
        exec(compile(source, "program", "exec"), names)
        for n in range(8):
            names["f"](list(range(n)))
        os._exit(0)
    os.wait()
spent = os.times()
print(sum(spent[:4]))
"""


def forks_alone(count: int, servers: int) -> tuple[float, float]:
    """Seconds and processor seconds of `count` forks, start-up of the interpreters among them."""
    begun = time.perf_counter()
    command = [sys.executable, "-I", "-S", "-c", FORKS, SHORT.source, str(count // servers)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(servers)]
    spent = sum(float(one.communicate()[0]) for one in running)
    return time.perf_counter() - begun, spent


def processor_seconds(sandbox: Sandbox) -> float:
    """Of this process, of the sandbox's servers, and of all guests that ended."""
    ticks, wanted = 0, list(sandbox.pids)
    while wanted:
        pid = wanted.pop()
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        ticks += sum(map(int, stat[11:15]))
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
        wanted += map(int, children.split())
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def canonical(path: Path) -> list[Program]:
    """HumanEval+'s solutions with base and plus inputs."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        Program(
            row["prompt"] + row["canonical_solution"],
            row["entry_point"],
            tuple(encode(given) for given in row["base_input"] + (row["plus_input"] or [])),
            limits=Limits(output=1 << 28),  # problem 15 returns 147 MB in all, 130 114 MB
        )
        for row in rows
    ]


def once(sandbox: Sandbox, programs: Sequence[Program]) -> tuple[float, float]:
    """Seconds and processor seconds for all programs.

    Raises:
        RuntimeError: one did not finish.
    """
    begun, before = time.perf_counter(), processor_seconds(sandbox)
    for number, outcome in sandbox.run(programs):
        if outcome.ended != FINISHED:
            raise RuntimeError(f"program {number}: {outcome.ended} {outcome.detail}")
    return time.perf_counter() - begun, processor_seconds(sandbox) - before


def report(name: str, count: int, times: Sequence[tuple[float, float]]) -> None:
    """Print the medians of repeats of `count` programs."""
    seconds, spent = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{name:28} {count / seconds:8.1f} programs/s "
        f"({seconds:.2f} s), {spent / count * 1e3:.2f} ms of processor time each",
        flush=True,
    )


def main() -> None:
    """Print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("humaneval", nargs="?", type=Path, default=PLUS)
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--short", type=int, default=2000, help="short programs per repeat")
    arguments = parser.parse_args()
    solutions = canonical(arguments.humaneval)
    calls = sum(len(one.inputs) for one in solutions)
    count = arguments.short
    work = {
        "short": [SHORT] * count,
        "15 lines, one guest": [Program(DOUBLE, None, LINES)] * (count // 20),
        "15 lines, a guest each": [Program(DOUBLE, None, (line,)) for line in LINES]
        * (count // 20),
        f"HumanEval+ ({calls} calls)": solutions,
        "HumanEval+, five of each": [one for one in solutions for _ in range(5)],
    }
    print(f"{arguments.servers} servers; load {os.getloadavg()[0]:.1f}")
    repeats = range(arguments.repeats)
    report("forks alone", count, [forks_alone(count, arguments.servers) for _ in repeats])
    with Sandbox(servers=arguments.servers) as sandbox:
        once(sandbox, [SHORT] * 20)
        for name, programs in work.items():
            report(name, len(programs), [once(sandbox, programs) for _ in repeats])


if __name__ == "__main__":
    main()
