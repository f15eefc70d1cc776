"""Cases from public reports about graders of programs: the right verdict of each is known.

`tests/data/cases/code.jsonl` has a row a case: `format` names the reader that makes the problem
(`table`: tests as they are), `how` what the text is (`solution`, `completion`, `response`).
"""

import json
from pathlib import Path
from typing import Any

from passk.core.rows import Row
from passk.domains.code.extraction import completed
from passk.domains.code.judge import CodeJudge
from passk.domains.code.readers import livecodebench, taco
from passk.domains.code.test_cases import Tests
from passk.domains.verdict import Verdict

FILE = Path(__file__).parent / "data/cases/code.jsonl"
READERS = {"livecodebench": livecodebench, "taco": taco}

Case = dict[str, Any]


def read_cases(file: Path = FILE) -> list[Case]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def read_gold(case: Case) -> tuple[str, str]:
    """Tests of a case as JSON, and what a completion continues."""
    problem = case["problem"]
    if case["format"] == "table":
        return Tests.load(json.dumps(problem["tests"])).dump(), problem.get("prompt", "")
    row = Row(case["id"], {"question_id": case["id"], **problem})
    (made,) = READERS[case["format"]].problems([row], {})
    return made.tests.dump(), made.prefix


def judge_cases(judge: CodeJudge, cases: list[Case]) -> list[Verdict]:
    golds = [read_gold(case) for case in cases]
    verdicts: dict[str, Verdict] = {}
    for extracted in (False, True):
        rows = [
            (case, gold, completed(prompt, case["program"]))
            if case["how"] == "completion"
            else (case, gold, case["program"])
            for case, (gold, prompt) in zip(cases, golds, strict=True)
            if (case["how"] == "response") == extracted
        ]
        texts = [text for _, _, text in rows]
        run = judge if extracted else judge.programs
        judged = run([gold for _, gold, _ in rows], texts)
        verdicts |= {case["id"]: one for (case, *_), one in zip(rows, judged, strict=True)}
    return [verdicts[case["id"]] for case in cases]
