"""Choose the problems of this study from the test file of GSM8K (MIT), blind to any outcome.

    python studies/smollm/choose_problems.py gsm8k.jsonl

The rule: of the problems whose gold solution has a calculation in double angle brackets, those with
the fewest lines in it, then the fewest characters, then the lowest number in the file; the first 40
of them, in turn to the evaluated set and to the one that is trained on. The rows are kept as
published. What was chosen is committed, beside the digest of the file that it is of.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

FILE_DIGEST = "9f098df7ff4522078d6ccec27a5c38a454790fdb51131bedfaa0e490070d5394"
EACH = 20
FOLDER = Path(__file__).parent / "data" / "examples"


def difficulty(row: dict[str, Any]) -> tuple[int, int, int]:
    """What rows are ordered by: lines and characters of the gold solution, number in the file."""
    solution = row["answer"].rpartition("####")[0].strip()
    return len(solution.splitlines()), len(solution), row["idx"]


def choose(lines: list[str]) -> tuple[list[str], list[str]]:
    """The rows that are evaluated, and those that are trained on."""
    rows = [(json.loads(line), line) for line in lines]
    calculated = [(row, line) for row, line in rows if "<<" in row["answer"]]
    ordered = [line for _, line in sorted(calculated, key=lambda pair: difficulty(pair[0]))]
    return ordered[: 2 * EACH : 2], ordered[1 : 2 * EACH : 2]


def main() -> int:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("file", type=Path, help="gsm8k.jsonl, as `passk params` names its source")
    content = parser.parse_args().file.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != FILE_DIGEST:
        print(f"choose_problems: the file has sha256 {found}, not {FILE_DIGEST}", file=sys.stderr)
        return 1
    chosen = choose(content.decode().splitlines())
    for name, lines in zip(("gsm8k-easy.jsonl", "gsm8k-train.jsonl"), chosen, strict=True):
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
