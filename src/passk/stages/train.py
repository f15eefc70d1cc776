"""`train@ARM`: a start model and a training set become checkpoints and a log."""

import shutil
from collections.abc import Mapping
from typing import Any

from passk import paths
from passk.models.lean import lean_imports
from passk.params.training import Training
from passk.problems.prompts import encode, render
from passk.schemas.problems import PROBLEMS
from passk.stages.job import Job, StageError
from passk.training.reward import correctness
from passk.training.rollouts import Task
from passk.verification.cache import VerdictCache
from passk.verification.judge import MathJudge
from passk.verification.options import MathOptions

with lean_imports():
    import torch
    from transformers import PreTrainedTokenizerBase

    from passk.training.arm import Arm, train


def run(job: Job) -> dict[str, float]:
    """Train an arm, going on where a killed run of the same inputs stopped."""
    settings = Training.model_validate(job.entry("train"))
    torch.set_num_threads(1)  # thread counts change float sums, and so bytes
    problems = PROBLEMS.read(paths.problem_set(job.study, settings.set)).to_dicts()
    if not problems:
        raise StageError(
            f"train.{job.item}.set = {settings.set!r}: the set is empty; loosen its filters"
        )
    arm = Arm(
        name=job.item,
        settings=settings,
        study_seed=int(job.params["seed"]),
        start=paths.model(job.study, settings.start),
        folder=paths.RESUME / job.inputs,
        live=paths.LIVE / f"train@{job.item}.jsonl",
    )

    def tasks(tokenizer: PreTrainedTokenizerBase) -> list[Task]:
        return [task_of(problem, settings.template, tokenizer) for problem in problems]

    # The grader of the reward is pinned by this stage's code, not by `verification:`, so that
    # another option there re-judges samples and retrains nothing.
    options = MathOptions()
    cache = VerdictCache(paths.VERDICTS, options.grader())
    with MathJudge(options, cache, workers=1) as judge:
        rows = train(arm, tasks, correctness(judge))
    _hand_over(job, arm)
    last = rows[-10:]
    return {
        "reward": sum(row["reward"] for row in last) / len(last),
        "entropy": sum(row["entropy"] for row in last) / len(last),
        "rollouts": float(sum(row["rollouts"] for row in rows)),
        "unknown": float(sum(row["unknown"] for row in rows)),
    }


def task_of(problem: Mapping[str, Any], template: str, tokenizer: PreTrainedTokenizerBase) -> Task:
    """A problem as the trainer sees it: the prompt reads no answer."""
    ids = encode(template, render(template, problem, tokenizer), tokenizer)
    return Task(problem["problem_id"], tuple(ids), problem["answer"])


def _hand_over(job: Job, arm: Arm) -> None:
    """Move checkpoints and log from the resume folder to the outputs, each in one piece."""
    target = paths.model(job.study, job.item)
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for step in arm.settings.checkpoints:
        shutil.copytree(arm.folder / f"step-{step}", temporary / f"step-{step}")
    shutil.rmtree(target, ignore_errors=True)
    temporary.replace(target)
    log = paths.training_log(job.study, job.item)
    log.parent.mkdir(parents=True, exist_ok=True)
    unfinished = log.with_name(f".{log.name}.tmp")
    shutil.copyfile(arm.folder / "log.jsonl", unfinished)
    unfinished.replace(log)
    shutil.rmtree(arm.folder)
