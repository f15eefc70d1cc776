"""How long `passk compare` takes on two files of 500 problems x 128 responses, from start to page.

    python benchmarks/comparing.py --samples ../shared/real/samples/math_qwen_100x8.jsonl

The responses are real ones, resampled: numbers within their boxes are changed at random, so that at
least 10,000 distinct (problem, answer) pairs are judged.
"""

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROBLEMS, N = 500, 128
_BOX = re.compile(r"\\boxed\{([^{}]*)\}")


def write_side(path: Path, rows: list[dict[str, object]], side: str) -> int:
    """A file of one side; returns how many distinct (problem, answer) pairs it holds."""
    draw = random.Random(side)
    distinct: set[tuple[int, str]] = set()
    with path.open("w", encoding="utf-8") as stream:
        for problem in range(PROBLEMS):
            row = rows[problem % len(rows)]
            texts = []
            for _ in range(N):
                text = draw.choice(row["code"])  # type: ignore[arg-type]
                if draw.random() < 0.3:
                    text = _BOX.sub(lambda m: rf"\boxed{{{_changed(m[1], draw)}}}", text)
                found = _BOX.findall(text)
                distinct.add((problem, found[-1] if found else text))
                texts.append(text)
            line = {"id": problem, "problem": f"{problem}: {row['question']}", "gold": row["gt"]}
            stream.write(json.dumps(line | {"response": texts}) + "\n")
    return len(distinct)


def _changed(answer: str, draw: random.Random) -> str:
    return re.sub(r"\d+", lambda m: str(int(m[0]) + draw.randrange(1, 60)), answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=Path, required=True)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.samples.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = sum(write_side(folder / f"{side}.jsonl", rows, side) for side in ("base", "rl"))
        passk = str(Path(sys.executable).with_name("passk"))
        command = [passk, "compare", "base.jsonl", "--with", "rl.jsonl"]
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True)
        wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{2 * PROBLEMS * N} responses, {pairs} distinct pairs: {wall:.1f} s, "
        f"{used.ru_utime + used.ru_stime:.1f} s of processor time, {used.ru_maxrss / 1e6:.2f} GB"
    )


if __name__ == "__main__":
    main()
