"""`train@ARM`: a start model and a training set become checkpoints and a log."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from passk.config import paths
from passk.core.files import read_json, replacing_folder, write_bytes, write_json
from passk.core.schemas.problems import PROBLEMS
from passk.domains.grading import Judge, JudgeResources
from passk.domains.registry import DOMAINS
from passk.models.optional_imports import skip_unused_imports
from passk.pipeline.stages.job import Job, StageError
from passk.training.log_rows import StepRow
from passk.training.rewards.registry import REWARDS
from passk.training.seconds import ActivitySeconds, Stopwatch
from passk.training.settings import Training

with skip_unused_imports():
    from transformers import PreTrainedTokenizerBase

    from passk.models.arithmetic import make_reproducible
    from passk.training.arm import Arm, train
    from passk.training.log import TrainingLog
    from passk.training.processes import launch
    from passk.training.tasks import Task, TrainingProblem, find_domain, find_encoder, make_task


def run(job: Job) -> dict[str, float]:
    """Train an arm, going on where a killed run of the same inputs stopped."""
    settings = job.settings("train", Training)
    arm = _make_arm(job, settings)
    if settings.processes == 1:
        rows, seconds = _train_here(job, arm)
    else:
        rows, seconds = _train_in_processes(job, arm)
    _hand_over(job, arm)
    recent = rows[-10:]
    return {
        "reward": sum(row["reward"] for row in recent) / len(recent),
        "entropy": sum(row["entropy"] for row in recent) / len(recent),
        "rollouts": float(sum(row["rollouts"] for row in rows)),
        "tokens": float(sum(row["tokens"] for row in rows)),
        "unknown": float(sum(row["unknown"] for row in rows)),
        # Of the first process alone; a resumed run counts from where it went on.
        "seconds_sampling": seconds.sampling,
        "seconds_judging": seconds.judging,
        "seconds_training": seconds.training,
    }


def _make_arm(job: Job, settings: Training) -> Arm:
    return Arm(
        name=job.item,
        settings=settings,
        study_seed=job.seed,
        start=paths.model(job.study, settings.start),
        folder=paths.RESUME / job.inputs,
        live=paths.LIVE / f"train@{job.item}.jsonl",
    )


def _train_here(job: Job, arm: Arm) -> tuple[list[StepRow], ActivitySeconds]:
    """Train in this process; the log, and seconds by activity."""
    make_reproducible()
    settings, key = arm.settings, f"train.{job.item}"
    rows = PROBLEMS.read(paths.problem_set(job.study, settings.set)).iter_rows(named=True)
    problems = [TrainingProblem.of(row) for row in rows]
    if not problems:
        raise StageError(f"{key}.set = {settings.set!r}: the set is empty; loosen its filters")
    encoder = find_encoder(problems, settings.template, arm.start, key)
    if encoder is not None and settings.algorithm.critic() is not None:
        raise StageError(
            f"{key}.algorithm: {settings.algorithm.label}'s critic reads text alone; "
            "use another algorithm for problems with images"
        )

    def make_tasks(tokenizer: PreTrainedTokenizerBase) -> Sequence[Task]:
        return [make_task(problem, settings.template, tokenizer, encoder) for problem in problems]

    watch = Stopwatch()
    with _make_judge(find_domain(problems, key), settings) as judge:
        log = train(arm, make_tasks, REWARDS[settings.reward](judge), watch)
    return log, watch.report()


def _make_judge(domain: str, settings: Training) -> Judge:
    """Who judges rollouts.

    Pinned by this stage's code and the arm, not by `verification:`, so that another option there
    judges samples again and retrains nothing.

    Raises:
        UnknownNameError: no such domain; it names the legal ones.
    """
    resources = JudgeResources(paths.VERDICTS, paths.CALIBRATION, workers=1)
    return DOMAINS[domain].reward_judge(resources, isolation=settings.isolation)


def _train_in_processes(job: Job, arm: Arm) -> tuple[list[StepRow], ActivitySeconds]:
    """Train in processes of their own, which run this module's `main`."""
    arm.folder.mkdir(parents=True, exist_ok=True)
    job_file = arm.folder / "job.json"
    job_file.write_text(json.dumps(asdict(job)), encoding="utf-8")
    launch("passk.pipeline.stages.train", job_file, arm.settings.processes)
    log = TrainingLog[StepRow](arm.log_path, live=None)
    log.restore(arm.settings.steps)
    return log.rows, ActivitySeconds(**read_json(arm.folder / "seconds.json"))


def main(job_file: Path) -> None:
    """One of several processes of an arm: read the job, train."""
    job = Job(**read_json(job_file))
    arm = _make_arm(job, job.settings("train", Training))
    _, seconds = _train_here(job, arm)
    if os.environ["RANK"] == "0":
        write_json(arm.folder / "seconds.json", asdict(seconds))


def _hand_over(job: Job, arm: Arm) -> None:
    """Copy checkpoints and log from the resume folder to the outputs, each in one piece."""
    with replacing_folder(paths.model(job.study, job.item)) as temporary:
        for step in arm.settings.checkpoints:
            shutil.copytree(arm.folder / f"step-{step}", temporary / f"step-{step}")
    write_bytes(paths.training_log(job.study, job.item), arm.log_path.read_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
