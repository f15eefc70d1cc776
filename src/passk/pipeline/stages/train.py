"""`train@ARM`: a start model and a training set become checkpoints and a log."""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from passk.config import paths
from passk.core.files import (
    read_json,
    read_json_lines,
    remove_folder,
    replacing_folder,
    write_bytes,
    write_json,
)
from passk.core.schemas.problems import PROBLEMS
from passk.data.prompts import encode, render, template
from passk.domains.grading import Judge, JudgeResources, Reference
from passk.domains.registry import DOMAINS
from passk.models.optional_imports import lean_imports
from passk.pipeline.stages.job import Job, StageError
from passk.training.rewards.registry import REWARDS
from passk.training.rollouts import Task
from passk.training.seconds import Stopwatch
from passk.training.settings import Training

with lean_imports():
    from transformers import PreTrainedTokenizerBase

    from passk.models.arithmetic import make_reproducible
    from passk.models.image_inputs import ImageEncoder, VisionError
    from passk.training.arm import Arm, train
    from passk.training.processes import launch


def run(job: Job) -> dict[str, float]:
    """Train an arm, going on where a killed run of the same inputs stopped."""
    settings = job.settings("train", Training)
    arm = _arm(job, settings)
    if settings.processes == 1:
        rows, seconds = _train_here(job, arm)
    else:
        rows, seconds = _train_in_processes(job, arm)
    _hand_over(job, arm)
    last = rows[-10:]
    return {
        "reward": sum(row["reward"] for row in last) / len(last),
        "entropy": sum(row["entropy"] for row in last) / len(last),
        "rollouts": float(sum(row["rollouts"] for row in rows)),
        "tokens": float(sum(row["tokens"] for row in rows)),
        "unknown": float(sum(row["unknown"] for row in rows)),
        # Of the first process alone; a resumed run counts from where it went on.
        "seconds_sampling": seconds["sampling"],
        "seconds_judging": seconds["judging"],
        "seconds_training": seconds["training"],
    }


def _arm(job: Job, settings: Training) -> Arm:
    return Arm(
        name=job.item,
        settings=settings,
        study_seed=job.seed,
        start=paths.model(job.study, settings.start),
        folder=paths.RESUME / job.inputs,
        live=paths.LIVE / f"train@{job.item}.jsonl",
    )


def _train_here(job: Job, arm: Arm) -> tuple[list[dict[str, Any]], Mapping[str, float]]:
    """Train in this process; the log, and seconds by activity."""
    make_reproducible()
    settings = arm.settings
    problems = PROBLEMS.read(paths.problem_set(job.study, settings.set)).to_dicts()
    if not problems:
        raise StageError(
            f"train.{job.item}.set = {settings.set!r}: the set is empty; loosen its filters"
        )

    encoder = _image_encoder(job, arm, problems)
    if encoder is not None and settings.algorithm.critic() is not None:
        raise StageError(
            f"train.{job.item}.algorithm: {settings.algorithm.label}'s critic reads text alone; "
            "use another algorithm for problems with pictures"
        )

    def tasks(tokenizer: PreTrainedTokenizerBase) -> list[Task]:
        return [task_of(problem, settings.template, tokenizer, encoder) for problem in problems]

    watch = Stopwatch()
    with _judge(_domain(job, problems), settings) as judge:
        rows = train(arm, tasks, REWARDS[settings.reward](judge), watch)
    return rows, {name: watch.seconds[name] for name in ("sampling", "judging", "training")}


def _image_encoder(
    job: Job, arm: Arm, problems: Sequence[Mapping[str, Any]]
) -> ImageEncoder | None:
    """What shows images to the start model; None where the template shows none.

    Raises:
        StageError: template, problems and model do not agree on whether there are images.
    """
    key, name = f"train.{job.item}", arm.settings.template
    shows = template(name).image
    wrong = [problem for problem in problems if (problem["image"] is not None) != shows]
    if wrong:
        has = "has no picture, which" if shows else "has a picture, and"
        raise StageError(
            f"{key}.set: problem {wrong[0]['problem_id']} {has} template {name!r} "
            f"{'shows' if shows else 'shows none'} ({len(wrong)} problem(s) in all); filter the "
            "set by `image_present`, or use another template"
        )
    encoder = ImageEncoder.of(arm.start) if shows else None
    if shows and encoder is None:
        raise StageError(
            f"{key}.start: {arm.start} takes no pictures; start from a model with a vision tower "
            "and an image processor (preprocessor_config.json)"
        )
    return encoder


def _domain(job: Job, problems: Sequence[Mapping[str, Any]]) -> str:
    """The one domain of the training set."""
    if len(domains := sorted({problem["domain"] for problem in problems})) > 1:
        raise StageError(
            f"train.{job.item}.set: its problems are of several domains, {', '.join(domains)}; an "
            "arm trains on one"
        )
    return str(domains[0])


def _judge(domain: str, settings: Training) -> Judge:
    """Who judges rollouts.

    Pinned by this stage's code and the arm, not by `verification:`, so that another option there
    judges samples again and retrains nothing.

    Raises:
        UnknownNameError: no such domain; it names the legal ones.
    """
    resources = JudgeResources(paths.VERDICTS, paths.CALIBRATION, workers=1)
    return DOMAINS[domain].reward_judge(resources, isolation=settings.isolation)


def _train_in_processes(job: Job, arm: Arm) -> tuple[list[dict[str, Any]], Mapping[str, float]]:
    """Train in processes of their own, which run this module's `main`."""
    arm.folder.mkdir(parents=True, exist_ok=True)
    job_file = arm.folder / "job.json"
    job_file.write_text(json.dumps(asdict(job)), encoding="utf-8")
    launch("passk.pipeline.stages.train", job_file, arm.settings.processes)
    return read_json_lines(arm.folder / "log.jsonl"), read_json(arm.folder / "seconds.json")


def main(job_file: Path) -> None:
    """One of several processes of an arm: read the job, train."""
    job = Job(**read_json(job_file))
    arm = _arm(job, job.settings("train", Training))
    _, seconds = _train_here(job, arm)
    if os.environ["RANK"] == "0":
        write_json(arm.folder / "seconds.json", seconds)


def task_of(
    problem: Mapping[str, Any],
    name: str,
    tokenizer: PreTrainedTokenizerBase,
    encoder: ImageEncoder | None = None,
) -> Task:
    """A problem as the trainer sees it under a template: the prompt reads no answer."""
    ids = encode(name, render(name, problem, tokenizer), tokenizer)
    image = None
    if encoder is not None:
        image = encoder.encode(problem["image_bytes"])
        try:
            ids = encoder.expand(ids, image.tokens)
        except VisionError as error:
            raise StageError(f"problem {problem['problem_id']}: {error}") from error
    return Task(
        problem["problem_id"],
        tuple(ids),
        DOMAINS[problem["domain"]].gold(Reference.of(problem)),
        question=problem["question"],
        level=_level(problem["tags"] or []),
        image=image,
    )


def _level(tags: Sequence[str]) -> int | None:
    """The difficulty that a tag level-N states."""
    stated = [tag.removeprefix("level-") for tag in tags if tag.startswith("level-")]
    return int(stated[0]) if stated and stated[0].isdecimal() else None


def _hand_over(job: Job, arm: Arm) -> None:
    """Move checkpoints and log from the resume folder to the outputs, each in one piece."""
    with replacing_folder(paths.model(job.study, job.item)) as temporary:
        for step in arm.settings.checkpoints:
            shutil.copytree(arm.folder / f"step-{step}", temporary / f"step-{step}")
    log = (arm.folder / "log.jsonl").read_bytes()
    write_bytes(paths.training_log(job.study, job.item), log)
    remove_folder(arm.folder)  # in one piece: half a resume point must not stay behind


if __name__ == "__main__":
    main(Path(sys.argv[1]))
