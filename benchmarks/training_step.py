"""A training step of ours against TRL's plain GRPOTrainer: same model, prompts, rewards, lengths.

Run: OMP_NUM_THREADS=1 python benchmarks/training_step.py [--start FOLDER] [--steps N]

Both draw 32 prompts x 8 rollouts per step from the same start model with the same settings (GRPO,
no KL penalty, float32, no gradient checkpointing) and one thread. Rewards are a function of the
response's text that a fifth of random responses earn, so that the share of groups without signal,
which ours leaves out of the backward pass, is what a policy of middling accuracy has; that share
is printed. The first two steps of each are not timed.
"""

import argparse
import hashlib
import itertools
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging
from trl import GRPOTrainer

from passk.params.training import Training
from passk.training.arm import step_loop
from passk.training.checkpoints import load
from passk.training.configuration import configuration
from passk.training.reward import Rewards
from passk.training.rollouts import Task
from passk.training.trainer import PolicyTrainer

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import toy_policy

WARM = 2


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


def prompts() -> list[str]:
    return [f"Q: {i}, {i + 3}, {i + 6}, {'12, ' * (i % 3)}?\n" for i in range(256)]


def ours(start: Path, settings: Training) -> tuple[float, dict[str, float]]:
    model, tokenizer = load(start)
    tasks = [Task(p, tuple(tokenizer(p)["input_ids"]), "") for p in prompts()]
    rows: list[dict[str, float]] = []
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = PolicyTrainer(
            model, tokenizer, tasks, settings,
            draw=step_loop(tokenizer, settings, (0,)),
            reward=lambda answers, texts, cut: Rewards([reward_of(t) for t in texts], 0),
            identity=(0,), folder=Path(folder), on_step=lambda _, row: rows.append(row),
        )  # fmt: skip
        trainer.add_callback(clock)
        trainer.train()
    names = ("reward", "length", "signal", "trained")
    return clock.seconds(), {n: statistics.mean(row[n] for row in rows) for n in names}


def plain(start: Path, settings: Training) -> tuple[float, dict[str, float]]:
    model, tokenizer = load(start)
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = configuration(settings, Path(folder), seed_value=0)
        arguments.scale_rewards = "group"
        arguments.save_strategy = "no"
        trainer = GRPOTrainer(
            model=model,
            reward_funcs=lambda completions, **_: [reward_of(text) for text in completions],
            args=arguments,
            train_dataset=Dataset.from_dict({"prompt": prompts()}),
            processing_class=tokenizer,
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    history = [row for row in trainer.state.log_history if "reward" in row]
    names = {"reward": "reward", "length": "completions/mean_length"}
    facts = {n: statistics.mean(row[key] for row in history) for n, key in names.items()}
    return clock.seconds(), facts


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
            rollouts=8, max_new_tokens=options.max_new_tokens, learning_rate=1e-5,
            forward_rows=64,
        )  # fmt: skip
        size = sum(p.numel() for p in load(start)[0].parameters())
        print(f"{size:,} parameters, 32 x 8 rollouts of at most {options.max_new_tokens} tokens")
        peer, peer_facts = plain(start, settings)
        mine, mine_facts = ours(start, settings)
    for name, seconds, facts in (("TRL", peer, peer_facts), ("ours", mine, mine_facts)):
        shown = ", ".join(f"{key} {value:.3f}" for key, value in facts.items())
        print(f"{name:5s} {seconds:.3f} s a step   ({shown})")
    print(f"ratio {peer / mine:.2f}")


if __name__ == "__main__":
    main()
