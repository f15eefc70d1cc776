"""Judging math responses: this package beside Math-Verify 0.9.0, as ratios of one run.

    python benchmarks/judging.py [SAMPLES.jsonl] [--responses 20000] [--long 2000] [--repeats 1]

Each line compares medians of fresh processes, ours always with an empty verdict cache:

- real: the responses of the file. `judging` with libraries imported and parsers warmed up on other
  text, as in a long run; `everything` from the start of Python to the last verdict. With a few
  hundred responses that is mostly start-up, which both sides pay. `from cache` is a second run.
- shaped: as many responses as asked for, drawn from those of the file, with other numbers: each
  problem has eight responses, of which about half give an answer of their own, so that most pairs
  of problem and answer are distinct. From the start of Python to the last verdict.
- long: responses of 40 kB without a box that end in a sentence, a formula or a number. The old way
  is Math-Verify over whole texts in two processes, which were two workers until these were read
  by their end; it is timed on fewer, since each takes 40 ms.
- cache: opening a verdict cache of ten million verdicts (`--rows`) and looking up 100,000.

Defaults take a minute or two; `--responses 20000 --long 100000 --rows 10000000 --repeats 5` is the
real thing. The exit code says whether the verdicts on the real responses are Math-Verify's.
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "shared/real/samples/math_qwen_100x8.jsonl"
# What warms up the parser's tables: no response contains these.
WARM = (r"\boxed{\frac{a+1}{b}}", r"\boxed{\sqrt{17}+x^2}", r"\boxed{7 \frac{2}{9}}")
LENGTH = 40_000
OLD_WAY = 100  # long responses on which the old way is timed

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
verdicts = [verify(parse(f"${gold}$"), parse(text)) for gold, text in zip(golds, texts)]
print(json.dumps([time.perf_counter() - begun, verdicts, 0]))
"""
)
TWO_LOOPS = (
    READ
    + """
from multiprocessing import Pool
from math_verify import parse, verify
def judge(pair):
    return verify(parse(f"${pair[0]}$"), parse(pair[1]))
with Pool(2) as pool:
    pool.map(judge, [("1", text) for text in warm])
    begun = time.perf_counter()
    verdicts = pool.map(judge, list(zip(golds, texts)), chunksize=4)
    print(json.dumps([time.perf_counter() - begun, verdicts, 0]))
"""
)
OURS = (
    READ
    + """
from pathlib import Path
from passk.domains.verdict_cache import VerdictCache
from passk.domains.math.judge import MathJudge
from passk.domains.math.options import MathOptions
def peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
options = MathOptions()
with MathJudge(options, VerdictCache(Path(sys.argv[3]), options.grader())) as judge:
    judge(["1"] * len(warm), warm)
    before, begun = peak(), time.perf_counter()
    verdicts = [one.verdict == "correct" for one in judge(golds, texts)]
    print(json.dumps([time.perf_counter() - begun, verdicts, peak() - before]))
"""
)


def write_shaped(samples: Path, number: int, target: Path) -> int:
    """Write responses like the file's with other numbers; how many pairs are distinct."""
    rows = [json.loads(line) for line in samples.open(encoding="utf-8")]
    draw = random.Random(0)
    pairs = set()
    with target.open("w", encoding="utf-8") as stream:
        for problem in range(number // 8):
            row = rows[problem % len(rows)]
            gold = _change(row["gt"], problem)
            responses = []
            for text in row["response"]:
                own = draw.randrange(1, 1000) if draw.random() < 0.5 else 0
                changed = re.sub(
                    r"(?<=\\boxed\{).*?(?=\}[^{}]*$)",
                    lambda box, own=own, problem=problem: _change(box[0], problem + own),
                    text,
                    flags=re.DOTALL,
                )
                pairs.add((problem, gold, changed[changed.rfind(r"\boxed") :]))
                responses.append(changed)
            stream.write(json.dumps({"gt": gold, "response": responses}) + "\n")
    return len(pairs)


def _change(text: str, shift: int) -> str:
    """A text with each integer made larger, so that equal texts stay equal."""
    return re.sub(r"\d+", lambda digits: str(int(digits[0]) + shift), text)


def long_rows(samples: Path, number: int) -> Iterator[dict[str, object]]:
    """Responses of 40 kB without a box, made from those of a file."""
    rows = [json.loads(line) for line in samples.open(encoding="utf-8")]
    prose = " ".join(text for row in rows for text in row["response"])
    prose = re.sub(r"\\boxed", "", prose).replace("final answer", "result")
    ends = (
        "Therefore, the answer is ${}$.", "So it is {}", "\\[ x = {} \\]", "The answer is {}.",
        "Thus we get $n = {}$.", "and this makes {} in all.",
    )  # fmt: skip
    for row in range(number):
        start = row * 997 % (len(prose) - LENGTH)
        gold = rows[row % len(rows)]["gt"]
        answer = _change(gold, row) if row % 3 else gold
        end = ends[row // 7 % len(ends)].replace("{}", answer)
        yield {"gt": gold, "response": [f"{prose[start : start + LENGTH]}\n\n{end}"]}


def write_long(samples: Path, number: int, target: Path) -> None:
    """Write `long_rows` to a file."""
    with target.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in long_rows(samples, number))


def once(code: str, samples: Path, warm: tuple[str, ...], cache: str) -> tuple[float, float, list]:
    """Seconds of judging, seconds of everything, and verdicts and memory; in a fresh process."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(samples), json.dumps(warm), cache],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    everything = time.perf_counter() - begun
    judging, *rest = json.loads(done.stdout)
    return judging, everything, rest


def measure(
    code: str, samples: Path, repeats: int, warm: tuple[str, ...] = ()
) -> tuple[float, float, list]:
    """Medians of judging and of everything, and verdicts and memory in KiB."""
    runs = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as cache:
            runs.append(once(code, samples, warm, cache))
    judging, everything = ([run[kind] for run in runs] for kind in (0, 1))
    return statistics.median(judging), statistics.median(everything), runs[0][2]


def show(name: str, loop: float, ours: float) -> None:
    """Print a line of the comparison."""
    print(f"{name:18} loop {loop:8.3f} s   ours {ours:8.3f} s   {loop / ours:6.1f} times faster")


def compare_real(samples: Path, repeats: int) -> bool:
    """The file's own responses; whether verdicts are the same."""
    warmed = [measure(code, samples, repeats, WARM) for code in (LOOP, OURS)]
    loop, ours = (measure(code, samples, repeats) for code in (LOOP, OURS))
    with tempfile.TemporaryDirectory() as cache:
        once(OURS, samples, (), cache)
        _, again, _ = once(OURS, samples, (), cache)
    (theirs, _), (verdicts, _) = loop[2], ours[2]
    other = sum(a != b for a, b in zip(theirs, verdicts, strict=True))
    print(f"real: {len(verdicts)} responses, {sum(verdicts)} correct; {other} verdicts differ")
    show("  judging", warmed[0][0], warmed[1][0])
    show("  everything", loop[1], ours[1])
    show("  from cache", loop[1], again)
    return not other


def compare_shaped(samples: Path, number: int, repeats: int, folder: Path) -> None:
    """Many responses with start-up."""
    distinct = write_shaped(samples, number, folder / "shaped.jsonl")
    loop, ours = (measure(code, folder / "shaped.jsonl", repeats) for code in (LOOP, OURS))
    (theirs, _), (verdicts, _) = loop[2], ours[2]
    other = sum(a != b for a, b in zip(theirs, verdicts, strict=True))
    print(
        f"shaped: {len(verdicts)} responses, {distinct} distinct pairs, {sum(verdicts)} correct; "
        f"{other} verdicts differ from Math-Verify's"
    )
    show("  everything", loop[1], ours[1])


def compare_long(samples: Path, number: int, repeats: int, folder: Path) -> None:
    """Long responses without a box."""
    write_long(samples, min(number, OLD_WAY), folder / "few.jsonl")
    write_long(samples, number, folder / "long.jsonl")
    old, _, _ = measure(TWO_LOOPS, folder / "few.jsonl", repeats, WARM)
    ours, _, (verdicts, memory) = measure(OURS, folder / "long.jsonl", repeats)
    print(f"long: {number} responses of {LENGTH} characters, {sum(verdicts)} correct; a second:")
    rates = min(number, OLD_WAY) / old, number / ours
    print(f"  old way {rates[0]:8.1f}   ours {rates[1]:8.1f}   {rates[1] / rates[0]:6.1f} times")
    print(f"  memory of judging beside the responses themselves: {memory / 1024:.0f} MiB")


def measure_cache(rows: int, folder: Path) -> None:
    """A large verdict cache."""
    from passk.domains.verdict_database import VerdictDatabase

    step = (1 << 128) // rows
    with VerdictDatabase(folder / "cache") as database:
        for first in range(0, rows, 100_000):
            numbers = range(first, min(first + 100_000, rows))
            database.write(
                {(n * step).to_bytes(16, "big"): b'["correct","equal"]' for n in numbers}
            )
    wanted = [(random.randrange(rows) * step).to_bytes(16, "big") for _ in range(100_000)]
    begun = time.perf_counter()
    with VerdictDatabase(folder / "cache") as database:
        database.read(wanted[:1])
        opened = time.perf_counter() - begun
        database.read(wanted)
        looked_up = time.perf_counter() - begun - opened
    print(f"cache: {rows} verdicts opened in {opened:.4f} s, 100000 looked up in {looked_up:.2f} s")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("samples", nargs="?", type=Path, default=SAMPLES)
    parser.add_argument("--responses", type=int, default=4000)
    parser.add_argument("--long", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=1)
    chosen = parser.parse_args()
    same = compare_real(chosen.samples, chosen.repeats)
    with tempfile.TemporaryDirectory() as folder:
        compare_shaped(chosen.samples, chosen.responses, chosen.repeats, Path(folder))
        compare_long(chosen.samples, chosen.long, chosen.repeats, Path(folder))
        measure_cache(chosen.rows, Path(folder))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
