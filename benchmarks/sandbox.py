"""Programs per second in the sandbox: short ones, and HumanEval+'s own solutions with all inputs.

    python benchmarks/sandbox.py [HumanEvalPlus.jsonl.gz] [--servers 2] [--repeats 3]

Start-up of the servers is not counted. Nothing is compared with expected outputs here, which is
the judge's work; what is counted is running programs, encoding what they return, and reading it.
"""

import argparse
import gzip
import json
import os
import statistics
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


def once(sandbox: Sandbox, programs: Sequence[Program]) -> float:
    """Seconds for all programs.

    Raises:
        RuntimeError: one did not finish.
    """
    begun = time.perf_counter()
    for number, outcome in sandbox.run(programs):
        if outcome.ended != FINISHED:
            raise RuntimeError(f"program {number}: {outcome.ended} {outcome.detail}")
    return time.perf_counter() - begun


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
    work = {
        "short": [SHORT] * arguments.short,
        f"HumanEval+ ({calls} calls)": solutions,
        "HumanEval+, five of each": [one for one in solutions for _ in range(5)],
    }
    print(f"{arguments.servers} servers; load {os.getloadavg()[0]:.1f}")
    with Sandbox(servers=arguments.servers) as sandbox:
        once(sandbox, [SHORT] * 20)
        for name, programs in work.items():
            times = [once(sandbox, programs) for _ in range(arguments.repeats)]
            seconds = statistics.median(times)
            print(f"{name:28} {len(programs) / seconds:8.1f} programs/s ({seconds:.2f} s)")


if __name__ == "__main__":
    main()
