"""Judging real responses: this package beside a loop over Math-Verify 0.9.0, and its verdicts.

    python benchmarks/judging.py [SAMPLES.jsonl]

Two comparisons, each the median of fresh processes, both sides with an empty verdict cache:

- judging: libraries imported and their parsers warmed up on other text, as in a long run;
- everything: from the start of Python to the last verdict, imports of SymPy included. With a few
  hundred responses that is mostly start-up, which both sides pay, so the ratio is far smaller.

The last line is a second run of ours, from the cache, start-up included.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 5
SAMPLES = Path(__file__).parents[2] / "shared/real/samples/math_qwen_100x8.jsonl"
# What warms up the parser's tables: no response contains these.
WARM = (r"\boxed{\frac{a+1}{b}}", r"\boxed{\sqrt{17}+x^2}", r"\boxed{7 \frac{2}{9}}")

READ = """
import json, sys, time
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
golds = [row["gt"] for row in rows for _ in row["response"]]
texts = [text for row in rows for text in row["response"]]
warm = json.loads(sys.argv[2])
"""
LOOP = (
    READ
    + """
from math_verify import parse, verify
for text in warm:
    verify(parse("$1$"), parse(text))
begun = time.perf_counter()
found = [verify(parse(f"${gold}$"), parse(text)) for gold, text in zip(golds, texts)]
print(json.dumps([time.perf_counter() - begun, found]))
"""
)
OURS = (
    READ
    + """
from pathlib import Path
from passk.domains.verdict_cache import VerdictCache
from passk.domains.math.judge import MathJudge
from passk.domains.math.options import MathOptions
options = MathOptions()
with MathJudge(options, VerdictCache(Path(sys.argv[3]), options.grader())) as judge:
    judge(["1"] * len(warm), warm)
    begun = time.perf_counter()
    found = [one.verdict == "correct" for one in judge(golds, texts)]
    print(json.dumps([time.perf_counter() - begun, found]))
"""
)


def once(code: str, samples: Path, warm: tuple[str, ...], cache: str) -> tuple[float, float, list]:
    """Seconds of judging, seconds of everything, verdicts; in a fresh process."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(samples), json.dumps(warm), cache],
        check=True,
        capture_output=True,
        text=True,
    )
    everything = time.perf_counter() - begun
    judging, verdicts = json.loads(done.stdout)
    return judging, everything, verdicts


def measure(code: str, samples: Path) -> tuple[float, float, list]:
    """Medians of judging (warmed up) and of everything (not), and the verdicts."""
    warm, cold = [], []
    for _ in range(REPEATS):
        for times, texts in ((warm, WARM), (cold, ())):
            with tempfile.TemporaryDirectory() as cache:
                times.append(once(code, samples, texts, cache))
    return (
        statistics.median(judging for judging, _, _ in warm),
        statistics.median(everything for _, everything, _ in cold),
        cold[0][2],
    )


def main(samples: Path) -> int:
    """Measure and print; the exit code says whether the verdicts are the same."""
    loop, ours = measure(LOOP, samples), measure(OURS, samples)
    with tempfile.TemporaryDirectory() as cache:
        once(OURS, samples, (), cache)
        _, again, _ = once(OURS, samples, (), cache)
    same = loop[2] == ours[2]
    said = "equal" if same else "DIFFER"
    print(f"{len(ours[2])} responses, {sum(ours[2])} correct; verdicts {said}")
    for name, a, b in (("judging", loop[0], ours[0]), ("everything", loop[1], ours[1])):
        print(f"{name:11} loop {a:6.3f} s   ours {b:6.3f} s   {a / b:5.1f} times faster")
    print(f"{'from cache':11} loop {loop[1]:6.3f} s   ours {again:6.3f} s   {loop[1] / again:5.1f}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES))
