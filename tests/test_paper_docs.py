"""docs/paper.md says what plan and study say; `python -m tests.test_paper_docs` writes it."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from passk.cli.plan import describe_totals
from passk.config.composition import compose
from passk.config.composition_sources import shipped_folder
from passk.config.study import Study, validate
from passk.planning.plan import plan
from passk.planning.plans import StudyPlan
from passk.planning.throughput import throughput
from passk.report.experiments import list_experiments

PAGE = Path(__file__).parents[1] / "docs" / "paper.md"
# In the order in which they are worth their cost: words, draws and arms.
PARTS = (
    ("Qwen2.5-7B and SimpleRL-Zoo 7B, greedy too (Fig. 2, 5, Tables 4, 5)",
     ("qwen-7B", "qwen-7B-1024", "qwen-7B-greedy", "qwen-7B-simplerl", "qwen-7B-simplerl-1024",
      "qwen-7B-simplerl-greedy")),
    ("temperatures (Fig. 16)", ("qwen-7B-t?_?", "qwen-7B-simplerl-t?_?")),
    ("code, 7B (Fig. 3, 4)", ("coder-7B*", "code-r1*")),
    ("distillation and Oat-Zero (Fig. 7, 10)", ("math-7B*", "oat-zero*", "distill-7B*")),
    ("images (Fig. 4), with the arm", ("vl-7B", "visual-grpo")),
    ("14B and LLaMA (Fig. 2)", ("qwen-14B*", "llama-8B*")),
    ("algorithms, steps, ablations (Fig. 8, 1, 15), with seven arms",
     ("qwen-7B-verl", "grpo*", "rloo", "reinforce_pp", "remax", "dapo")),
    ("32B and DAPO-32B (Fig. 2, 10)", ("qwen-32B*", "dapo-32B*")),
    ("DeepCoder-14B and its start (Fig. 3)", ("distill-14B", "deepcoder")),
)  # fmt: skip


def fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def hours_of(made: StudyPlan, patterns: tuple[str, ...]) -> tuple[float, float]:
    """GPU hours of draws, and of arms, to draw rollouts and to train."""
    draws = sum(draw.gpu_hours or 0 for draw in made.draws if fits(draw.name, patterns))
    arms = [arm for arm in made.arms if fits(arm.name, patterns)]
    return draws, sum((arm.sampling_hours or 0) + (arm.training_hours or 0) for arm in arms)


def table_of_parts(made: StudyPlan) -> Iterator[str]:
    yield "| part | draws | GPU hours to draw | to train |"
    yield "|---|---|---|---|"
    for words, patterns in PARTS:
        number = sum(fits(draw.name, patterns) for draw in made.draws)
        draws, arms = hours_of(made, patterns)
        yield f"| {words} | {number} | {draws:,.0f} | {f'{arms:,.0f}' if arms else ''} |"


def list_declined(study: Study) -> Iterator[str]:
    known = list_experiments()
    for name, entry in study.report.experiments.items():
        if entry.not_run:
            part = "in part" if entry.is_run else "not at all"
            reason = " ".join(entry.not_run.split())
            yield f"- {known[name].number}, {part}: {reason}."


def blocks(folder: Path = Path("no-such-folder")) -> dict[str, str]:
    study = validate(compose(shipped_folder() / "paper" / "study.yaml"))
    made = plan(study, throughput("H100"), folder)
    total = describe_totals(made).removeprefix("in total: ")
    return {
        "totals": "\n".join(f"- {part}" for part in total.split("; ")),
        "parts": "\n".join(table_of_parts(made)),
        "declined": "\n".join(list_declined(study)),
    }


def test_the_page_says_what_the_plan_says(tmp_path):
    page = PAGE.read_text()
    for name, text in blocks(tmp_path).items():
        shown = re.search(rf"<!-- {name} -->\s*(.*?)\s*<!-- /{name} -->", page, re.DOTALL)
        assert shown is not None
        assert shown[1] == text, "run: python -m tests.test_paper_docs"


def test_each_draw_is_in_one_part():
    study = validate(compose(shipped_folder() / "paper" / "study.yaml"))
    for name in [*study.draws, *study.train]:
        assert sum(fits(name, patterns) for _, patterns in PARTS) == 1, name


if __name__ == "__main__":
    text = PAGE.read_text()
    for block, words in blocks().items():
        start, end = f"<!-- {block} -->", f"<!-- /{block} -->"
        before, _, rest = text.partition(start)
        text = f"{before}{start}\n\n{words}\n\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(text)
