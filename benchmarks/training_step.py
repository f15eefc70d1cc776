"""A training step of ours against TRL's plain GRPOTrainer, and what each algorithm costs.

Run: python -m passk.core.processor benchmarks/training_step.py [--start FOLDER] [--steps N]

Both draw 32 prompts x 8 rollouts per step from the same start model with the same settings (GRPO,
no KL penalty, float32, no gradient checkpointing, which TRL's own defaults would switch on) and one
thread. With a start model the prompts are problems of the `digits` world and the reward is a right
answer. With random weights nothing is ever right: the reward is then a function of the text that a
fifth of all responses earn, and nearly all responses have full length, which leaves little padding
and few rows to save; this is the worst case. The first two steps of each are not timed.

The second table is every algorithm, ours, on the same model and prompts, one update per step:
median seconds, responses drawn a step, and share of rows trained on.
"""

import argparse
import hashlib
import itertools
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging
from trl import GRPOTrainer

from passk.domains.math.judge import MathJudge
from passk.domains.math.options import MathOptions
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.worlds import WORLDS
from passk.training.checkpoints import load
from passk.training.configuration import make_configuration
from passk.training.reward import Reward, Rewards
from passk.training.rewards.correctness import correctness
from passk.training.rollouts import make_sampler
from passk.training.settings import Training
from passk.training.tasks import Task
from passk.training.trainer import PolicyTrainer

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import toy_policy

WARM = 2
ALGORITHMS: list[dict[str, object]] = [
    {"name": "grpo", "scale": "group", "eps": 1e-4},
    {"name": "rloo"},
    {"name": "reinforce++", "gamma": 1.0, "eps": 1e-4},
    {"name": "remax"},
    {
        "name": "ppo", "gamma": 1.0, "lam": 1.0, "eps": 1e-4, "critic_learning_rate": 1e-3,
        "critic_passes": 1, "critic_minibatches": 1, "critic_clip": 0.2, "critic_warmup": 0,
    },
    {"name": "dapo", "eps": 1e-4, "rounds": 3, "overlong_tokens": 0, "overlong_penalty": 0.0},
    {"name": "pass_at_k", "k": 4, "eps": 1e-4},
    {"name": "pkpo", "k": 4},
]  # fmt: skip


def reward_of(text: str) -> float:
    """1 for about a fifth of all texts."""
    return float(hashlib.sha256(text.encode()).digest()[0] % 5 == 0)


class Clock(TrainerCallback):
    """Wall time at the end of each update."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        """Note the time."""
        self.times.append(time.perf_counter())

    def seconds(self) -> float:
        """Median seconds of a step after the first few."""
        times = self.times[WARM - 1 :]
        return statistics.median(b - a for a, b in itertools.pairwise(times))


def problems() -> list[tuple[str, str]]:
    """Prompts and answers."""
    made = [
        WORLDS["digits"].problem("train", ("nested", "pipe"), 1 + i % 3, 0.0, (1, i))
        for i in range(240)
    ]
    return [(problem.question + "\n", problem.answer) for problem in made]


def last_rewards(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean reward of the first and of the last ten steps."""
    parts = {"first ten": rows[:10], "last ten": rows[-10:]}
    return {f"reward {n}": statistics.mean(r["reward"] for r in part) for n, part in parts.items()}


def by_text(tasks: Sequence[Task], texts: Sequence[str], cut: Sequence[bool]) -> Rewards:
    """A reward that random weights can earn."""
    return Rewards([reward_of(text) for text in texts], 0)


def ours(start: Path, settings: Training, reward: Reward) -> tuple[float, dict[str, float]]:
    model, tokenizer = load(start)
    tasks = [Task(p, tuple(tokenizer(p)["input_ids"]), answer) for p, answer in problems()]
    rows: list[dict[str, float]] = []
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = PolicyTrainer(
            model, tokenizer, tasks, settings,
            draw=make_sampler(settings, tokenizer, (0,), start, 64),
            reward=reward,
            identity=(0,), folder=Path(folder), on_step=rows.append,
        )  # fmt: skip
        trainer.add_callback(clock)
        trainer.train()
    names = ("length", "signal", "trained", "rollouts", "rounds")
    facts = {n: statistics.mean(row[n] for row in rows) for n in names}
    return clock.seconds(), last_rewards(rows) | facts


def plain(start: Path, settings: Training, reward: Reward) -> tuple[float, dict[str, float]]:
    model, tokenizer = load(start)
    clock = Clock()

    def judged(completions: list[str], answer: list[str], **_: object) -> list[float | None]:
        asked = [Task("", (), one) for one in answer]
        return [*reward(asked, completions, [False] * len(answer)).values]

    with tempfile.TemporaryDirectory() as folder:
        arguments = make_configuration(settings, Path(folder), seed_value=0)
        arguments.scale_rewards = "group"
        arguments.save_strategy = "no"
        trainer = GRPOTrainer(
            model=model,
            reward_funcs=judged,
            args=arguments,
            train_dataset=Dataset.from_list([{"prompt": p, "answer": a} for p, a in problems()]),
            processing_class=tokenizer,
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    history = [row for row in trainer.state.log_history if "reward" in row]
    length = statistics.mean(row["completions/mean_length"] for row in history)
    return clock.seconds(), last_rewards(history) | {"length": length}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", type=Path, help="start model; random weights by default")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--max-new-tokens", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        start = options.start or toy_policy.make_start(
            Path(folder), layers=3, width=96, feed_forward=384, context=128
        )
        settings = toy_policy.settings(
            steps=options.steps, checkpoints=[options.steps], resume_every=10**6, prompts=32,
            rollouts=8, max_new_tokens=options.max_new_tokens, learning_rate=5e-4,
            forward_rows=64,
        )  # fmt: skip
        size = sum(p.numel() for p in load(start)[0].parameters())
        print(f"{size:,} parameters, 32 x 8 rollouts of at most {options.max_new_tokens} tokens")
        with MathJudge(MathOptions(), limits=WorkerLimits(count=1)) as judge:
            reward = correctness(judge) if options.start else by_text
            peer, peer_facts = plain(start, settings, reward)
            mine, mine_facts = ours(start, settings, reward)
            costs = {
                str(one["name"]): ours(
                    start,
                    Training.model_validate(settings.model_dump() | {"algorithm": one}),
                    reward,
                )
                for one in ALGORITHMS
            }
    for name, seconds, facts in (("TRL", peer, peer_facts), ("ours", mine, mine_facts)):
        shown = ", ".join(f"{key} {value:.3f}" for key, value in facts.items())
        print(f"{name:5s} {seconds:.3f} s a step   ({shown})")
    print(f"ratio {peer / mine:.2f}")
    print(f"\n{'algorithm':12s} s a step   drawn   trained   rounds   reward, last ten")
    for name, (seconds, facts) in costs.items():
        print(
            f"{name:12s} {seconds:8.3f} {facts['rollouts']:7.0f} {facts['trained']:9.2f} "
            f"{facts['rounds']:8.1f} {facts['reward last ten']:8.3f}"
        )


if __name__ == "__main__":
    main()
