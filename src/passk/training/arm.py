"""One arm from its start model to its checkpoints, going on where a killed run stopped."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import PreTrainedTokenizerBase

from passk.training import checkpoints, memory
from passk.training.log import TrainingLog
from passk.training.log_rows import StepRow
from passk.training.memory_estimate import measure_shape
from passk.training.processes import ProcessGroup
from passk.training.reward import Reward
from passk.training.rollouts import make_sampler
from passk.training.seconds import Stopwatch
from passk.training.settings import Training
from passk.training.tasks import Task
from passk.training.trainer import PolicyTrainer
from passk.training.weights import choose_loading_dtype


@dataclass(frozen=True)
class Arm:
    """What an arm is trained from.

    Attributes:
        name: the arm's name, part of the random streams of its rollouts.
        settings: its parameters.
        study_seed: the study's seed.
        start: folder of the start model.
        folder: where the run can resume; holds `step-N` and `log.jsonl` when it is done.
        live: log for whoever watches, or None.
    """

    name: str
    settings: Training
    study_seed: int
    start: Path
    folder: Path
    live: Path | None = None

    @property
    def log_path(self) -> Path:
        """The log, one row per step."""
        return self.folder / "log.jsonl"

    @property
    def order(self) -> tuple[int, ...]:
        """What the order of problems derives from: arms that are compared ask the same ones."""
        return (self.study_seed, self.settings.train_seed)

    @property
    def identity(self) -> tuple[int | str, ...]:
        """What the rollouts of this arm derive from."""
        return (self.study_seed, self.name, self.settings.train_seed)


class ArmError(ValueError):
    """An arm cannot be trained; the message names the parameter and the remedy."""


def train(
    arm: Arm,
    tasks_of: Callable[[PreTrainedTokenizerBase], Sequence[Task]],
    reward: Reward,
    watch: Stopwatch | None = None,
) -> list[StepRow]:
    """Train an arm; its checkpoints and log then stand in `arm.folder`.

    In several processes, each calls this, and the first writes checkpoints and log.

    Args:
        arm: what to train.
        tasks_of: renders the problems with the start model's tokenizer.
        reward: judges responses.
        watch: counts seconds of sampling, judging and training, or None.

    Returns:
        The log, one row per step.
    """
    settings = arm.settings
    processes = ProcessGroup(settings.processes)
    model, tokenizer = checkpoints.load(arm.start, choose_loading_dtype(settings))
    tasks = tasks_of(tokenizer)
    length = _check_length(model.config, tasks, settings)
    memory.check(measure_shape(model, settings), settings, length)
    sampler = make_sampler(settings, tokenizer, arm.identity, arm.start, length)
    processes.first(
        lambda: checkpoints.find_resume_point(arm.folder)
    )  # one process clears what was cut short
    resume_point = checkpoints.find_resume_point(arm.folder)
    steps_done = checkpoints.count_resumed_updates(resume_point) // (
        settings.num_iterations * settings.minibatches
    )
    log = TrainingLog[StepRow](arm.log_path, arm.live)
    processes.first(lambda: log.restore(steps_done))
    with tqdm(
        total=settings.steps, initial=steps_done, desc=f"train {arm.name}", unit="step",
        file=sys.stderr, disable=not processes.leads,
    ) as bar:  # fmt: skip

        def on_step(row: StepRow) -> None:
            if not processes.leads:
                return
            log.append(row)
            if (step := row["step"]) in settings.checkpoints:
                checkpoints.save(trainer.model, arm.start, arm.folder / f"step-{step}")
            _warn_without_signal(log.rows, settings, bar)
            bar.set_postfix(
                reward=f"{row['reward']:.3f}", length=f"{row['length']:.0f}", refresh=False
            )
            bar.update()

        trainer = PolicyTrainer(
            model, tokenizer, tasks, settings,
            draw=processes.draw(sampler), reward=processes.reward(reward), identity=arm.order,
            folder=arm.folder, on_step=on_step, watch=watch,
        )  # fmt: skip
        if steps_done < settings.steps:
            trainer.train(resume_from_checkpoint=str(resume_point) if resume_point else None)
    return log.rows


def _check_length(config: Any, tasks: Sequence[Task], settings: Training) -> int:  # noqa: ANN401
    """Tokens of the longest prompt and response; raises ArmError where the model takes fewer."""
    prompt = max(len(task.prompt_ids) for task in tasks)
    length = prompt + settings.max_new_tokens
    context = getattr(config.get_text_config(), "max_position_embeddings", None)
    if context and length > context:
        raise ArmError(
            f"max_new_tokens = {settings.max_new_tokens}: with the longest prompt ({prompt} "
            f"tokens) that exceeds the start model's context of {context}; at most "
            f"{context - prompt} fit"
        )
    return length


def _warn_without_signal(rows: Sequence[StepRow], settings: Training, bar: tqdm) -> None:
    """Say early that nothing, or hardly anything, can be learned, once per span."""
    span = settings.warn_without_signal
    learned = "little" if settings.algorithm.baseline_beyond_group else "nothing"
    recent = rows[-span:]
    if len(rows) % span == 0 and len(recent) == span and not any(row["signal"] for row in recent):
        reward = sum(row["reward"] for row in recent) / span
        bar.write(
            f"warning: no group had a signal in {span} steps (steps {recent[0]['step']} to "
            f"{recent[-1]['step']}, mean reward {reward:.3f}): rewards within each group are all "
            f"equal, so {learned} is learned. Use easier or harder problems, more rollouts, or a "
            "better start model",
            file=sys.stderr,
        )
