"""A study of imported files and `passk compare` on the same files: one set of numbers."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import ROOT

REAL = ROOT / "tests/data/real"
CODE = REAL / "code/HumanEvalPlus-v0.1.10.jsonl.gz"
VISUAL = REAL / "visual/mathvision_testmini.jsonl"
QUESTIONS = ("pass_at_k", "difference", "crossover", "coverage", "histogram")
COLUMNS = ("graded", "right_here", "right_there", "kappa")


def passk(*arguments, cwd):
    command = [str(Path(sys.executable).with_name("passk")), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def boxed(folder):
    """Math answers; every third grade of the candidate is a lie, and one is missing."""
    for name, wrong in (("base", 2), ("rl", 3)):
        write(folder / f"{name}.jsonl", [
            {
                "problem": f"{p} + 1?", "gold": str(p + 1), "temperature": 0.6,
                "response": [rf"\boxed{{{p + 1 + (p + s) % wrong}}}" for s in range(4)],
                "correct": [
                    None if (p, s) == (0, 0) else ((p + s) % wrong == 0) ^ (name == "rl" and s == 2)
                    for s in range(4)
                ],
            }
            for p in range(6)
        ])  # fmt: skip


def programs(folder):
    """Right solutions of HumanEval+, and ones that return nothing."""
    with gzip.open(CODE, "rt") as stream:
        rows = [json.loads(next(stream)) for _ in range(4)]
    for name, right in (("base", 1), ("rl", 3)):
        bodies = (lambda row: row["canonical_solution"], lambda row: "    return None\n")
        write(folder / f"{name}.jsonl", [
            {
                "task_id": row["task_id"], "correct": s % 2 == 0,
                "response": f"```python\n{row['prompt']}{bodies[s + p > right](row)}\n```",
            }
            for p, row in enumerate(rows) for s in range(4)
        ])  # fmt: skip


def images(folder):
    """Answers about the images of MathVision, some of them choices."""
    rows = [json.loads(line) for line in VISUAL.read_text().splitlines()[:8]]
    for name, every in (("base", 2), ("rl", 3)):
        write(folder / f"{name}.jsonl", [
            {
                "id": row["id"], "correct": s == 0,
                "response": f"So it is \\boxed{{{row['answer'] if (p + s) % every else '77'}}}.",
            }
            for p, row in enumerate(rows) for s in range(4)
        ])  # fmt: skip


CASES = {
    "math": (boxed, "", []),
    "code": (programs, f"benchmark: {{source: humaneval_plus, path: {CODE}, partial: true}}",
             ["--problems", CODE, "--domain", "code"]),
    "visual": (images, f"benchmark: {{source: mathvision_testmini, path: {VISUAL}, partial: true}}",
               ["--problems", VISUAL, "--domain", "visual"]),
}  # fmt: skip


def make_study(folder, domain, benchmark):
    """The study that `passk new` makes, with its set called as in a comparison.

    The name of a set is part of the bootstrap's streams.
    """
    text = (folder / "study.yaml").read_text()
    text = re.sub(r"(?m)^  pair:$", f"  all:\n    domain: {domain}\n    {benchmark}", text)
    text = text.replace("sets: {pair: {}}", "sets: {all: {}}").replace("path: data/examples/pair",
                                                                       "path: runs")  # fmt: skip
    text = text.replace("efficiency_k: 8", "efficiency_k: 2")
    text = text.replace("pair/", "all/").replace("[pair]", "[all]")
    (folder / "study.yaml").write_text(text)


@pytest.mark.long
@pytest.mark.parametrize("domain", CASES)
def test_a_study_has_the_numbers_of_a_comparison_of_the_same_files(tmp_path, domain):
    make, benchmark, options = CASES[domain]
    passk("new", "study", "--like", "compare", cwd=tmp_path)
    study = tmp_path / "study"
    make(study / "runs")
    make_study(study, domain, benchmark)
    passk("compose", cwd=study)
    subprocess.run([sys.executable, str(ROOT / "tests/run_stages.py")], cwd=study, check=True)
    said = passk(
        "compare", "runs/base.jsonl", "--with", "runs/rl.jsonl", "--seed", "2025",
        "--tables", "t", *options, cwd=study,
    )  # fmt: skip
    results = study / "data/compare/results"
    for question in QUESTIONS:
        ours = pl.read_parquet(study / f"t/{question}.parquet")
        theirs = pl.read_parquet(results / f"{question}.parquet")
        same = [name for name in ours.columns if name not in {"model", "arm"}]
        key = [name for name in ("draw", "comparison", "k", "bin", "category") if name in same]
        assert ours.select(same).sort(key).equals(theirs.select(same).sort(key)), question

    agreement = pl.read_parquet(results / "agreement-all.parquet").sort("draw", descending=True)
    for row, line in zip(agreement.iter_rows(named=True), agreements(said), strict=True):
        different = row["right_here"] + row["right_there"]
        assert line == (different, row["graded"], f"{row['kappa']:.3f}")
    assert agreement["right_here"].sum() + agreement["right_there"].sum() > 0
    pages = [(study / name).read_text() for name in ("comparison.html", "reports/index.html")]
    assert texts(cells(pages[0], "Recorded grades")) == texts(cells(pages[1], "Recorded grades"))
    grader = agreement["grader"][0]
    assert all(f"Judged by {grader}" in page for page in pages)
    if domain == "math":
        assert all("0.6" in cells(page, "Sampling settings") for page in pages)


def agreements(said):
    """Differences, graded samples and kappa of each draw, as the command prints them."""
    pattern = r"recorded grades differ on (\d+) of (\d+) samples \(Cohen's kappa ([-\d.]+)\)"
    return [(int(a), int(b), kappa) for a, b, kappa in re.findall(pattern, said)]


def cells(page, title):
    """The HTML of the table below a title."""
    return page[page.index(title) :].partition("</table>")[0]


def texts(html):
    """The texts of the cells of a table but for the first of each row, which name the draw."""
    return re.findall(r">([-\d.]+)<", html)
