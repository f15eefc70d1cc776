"""One arm from its start model to its checkpoints, going on where a killed run stopped."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from passk.digests import seed
from passk.params.training import Training
from passk.sampling.steploop import Request, Settings, generate
from passk.training import checkpoints
from passk.training.log import TrainingLog
from passk.training.reward import Reward
from passk.training.rollouts import Draw, Rollout, Task
from passk.training.trainer import PolicyTrainer


@dataclass(frozen=True)
class Arm:
    """What an arm is trained from.

    Attributes:
        name: the arm's name, part of every random stream.
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
    def identity(self) -> tuple[int | str, ...]:
        """What random choices of this arm derive from."""
        return (self.study_seed, self.name, self.settings.train_seed)


def step_loop(
    tokenizer: PreTrainedTokenizerBase, settings: Training, identity: tuple[int | str, ...]
) -> Draw:
    """Rollouts by the sampling engine's step loop; streams derive from identity and step."""
    rows = settings.prompts * settings.rollouts
    how = Settings(
        temperature=settings.temperature,
        top_p=settings.top_p,
        max_new_tokens=settings.max_new_tokens,
        rows=min(rows, 256),
        exact=False,
    )

    def draw(
        model: PreTrainedModel,
        tasks: Sequence[Task],
        step: int,
        *,
        stream: str = "rollout",
        greedy: bool = False,
    ) -> list[list[Rollout]]:
        # The place is in the seed because one step may ask a problem twice.
        requests = [
            Request(
                task.prompt_ids,
                seed(stream, *identity, step, place, task.problem_id),
                range(1 if greedy else settings.rollouts),
            )
            for place, task in enumerate(tasks)
        ]
        mode = replace(how, temperature=0.0, top_p=1.0) if greedy else how
        groups = generate(model, requests, replace(mode, eos_ids=_ends(model, tokenizer)))
        ids = [[one.token_ids.tolist() for one in group] for group in groups]
        texts = tokenizer.batch_decode([i for g in ids for i in g], skip_special_tokens=True)
        spoken = iter(texts)
        return [
            [
                Rollout(i, next(spoken), one.finish_reason == "length", one.mean_entropy)
                for i, one in zip(own, group, strict=True)
            ]
            for own, group in zip(ids, groups, strict=True)
        ]

    return draw


def _ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """Every token that ends a response: the tokenizer's, and those that the model declares."""
    declared = model.generation_config.eos_token_id if model.generation_config else None
    listed = declared if isinstance(declared, list) else [declared]
    return tuple(sorted({int(i) for i in (tokenizer.eos_token_id, *listed) if i is not None}))


def train(
    arm: Arm,
    tasks_of: Callable[[PreTrainedTokenizerBase], Sequence[Task]],
    reward: Reward,
) -> list[dict[str, Any]]:
    """Train an arm; its checkpoints and log then stand in `arm.folder`.

    Args:
        arm: what to train.
        tasks_of: renders the problems with the start model's tokenizer.
        reward: judges responses.

    Returns:
        The log, one row per step.
    """
    model, tokenizer = checkpoints.load(arm.start)
    point = checkpoints.latest(arm.folder)
    log = TrainingLog(arm.folder / "log.jsonl", arm.live)
    settings = arm.settings
    done = checkpoints.resumed_update(point) // (settings.num_iterations * settings.minibatches)
    log.restore(done)
    with tqdm(
        total=settings.steps, initial=done, desc=f"train {arm.name}", unit="step", file=sys.stderr
    ) as bar:

        def on_step(step: int, row: Mapping[str, Any]) -> None:
            log.append(row)
            if step in settings.checkpoints:
                checkpoints.save(trainer.model, arm.start, arm.folder / f"step-{step}")
            _warn_without_signal(log.rows, settings.warn_without_signal, bar)
            bar.set_postfix(reward=f"{row['reward']:.3f}", length=f"{row['length']:.0f}")
            bar.update()

        trainer = PolicyTrainer(
            model, tokenizer, tasks_of(tokenizer), settings,
            draw=step_loop(tokenizer, settings, arm.identity), reward=reward,
            identity=arm.identity, folder=arm.folder, on_step=on_step,
        )  # fmt: skip
        if done < settings.steps:
            trainer.train(resume_from_checkpoint=str(point) if point else None)
    return log.rows


def _warn_without_signal(rows: Sequence[Mapping[str, Any]], span: int, bar: tqdm) -> None:
    """Say early that nothing can be learned, once per span."""
    recent = rows[-span:]
    if len(rows) % span == 0 and len(recent) == span and not any(row["signal"] for row in recent):
        reward = sum(row["reward"] for row in recent) / span
        bar.write(
            f"warning: no group had a signal in {span} steps (steps {recent[0]['step']} to "
            f"{recent[-1]['step']}, mean reward {reward:.3f}): rewards within each group are all "
            "equal, so nothing is learned. Use easier or harder problems, more rollouts, or a "
            "better start model",
            file=sys.stderr,
        )
