"""Supervised fine-tuning on demonstrations: TRL's SFTTrainer on token ids that are ready.

TRL keeps the loss (negative log-likelihood of the response's tokens, its mean over the tokens of
the update), the optimizer, the schedule, mixed precision and resume points.

Differences from a plain SFTTrainer run of the same numbers:
    1. Token ids come from the code that renders prompts for sampling, not from TRL's own
       preparation: prompt and response are encoded apart and joined, as a sampled response is.
    2. Batches are planned beforehand as in pretraining: each epoch in a new order, demonstrations
       of similar length together, the last incomplete batch of an epoch left out.
    3. No dropout, whatever the model's configuration says (adapters have their own), and no
       truncation.

Covered: one process, on a processor or one GPU.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import SFTConfig, SFTTrainer

from passk.core.digests import seed
from passk.models.arithmetic import route_products
from passk.training import checkpoints
from passk.training.finetuning_settings import FineTuning
from passk.training.finetuning_setup import disable_dropout, make_configuration
from passk.training.log import TrainingLog
from passk.training.log_rows import FineTuningRow
from passk.training.pretraining import Sequences, plan_batches
from passk.training.resuming import Resuming
from passk.training.weights import configure_adapters


class FineTuningError(ValueError):
    """Fine-tuning cannot go on; the message names the step and the remedy."""


@dataclass(frozen=True)
class FineTuningRun:
    """What an arm is fine-tuned from.

    Attributes:
        name: the arm's name, part of every seed.
        settings: its parameters.
        study_seed: the study's seed.
        start: folder of the start model.
        folder: where a killed run can resume; it must belong to these very inputs.
        live: log for whoever watches, or None.
    """

    name: str
    settings: FineTuning
    study_seed: int
    start: Path
    folder: Path
    live: Path | None = None

    @property
    def identity(self) -> tuple[int | str, ...]:
        """What random choices of this arm derive from."""
        return ("sft", self.study_seed, self.name, self.settings.train_seed)


class DemonstrationTrainer(Resuming, SFTTrainer):
    """Fine-tunes a model in place; see the module's page.

    Args:
        model: a causal language model; trained in place.
        tokenizer: of the model.
        data: all demonstrations as token ids; labels are -100 where nothing is learned.
        run: settings, seeds and folder.
        on_step: called with the log row of each update.
    """

    args: SFTConfig

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        data: Sequences,
        run: FineTuningRun,
        on_step: Callable[[FineTuningRow], None],
    ) -> None:
        route_products()
        self.data = data
        self.on_step = on_step
        settings = run.settings
        plan = plan_batches(
            data.lengths, settings.batch, settings.steps, seed("order", *run.identity)
        )
        self.plan = [
            part for rows in plan for part in np.split(rows, settings.gradient_accumulation)
        ]
        disable_dropout(model)
        super().__init__(
            model=model,
            args=make_configuration(settings, run.folder, seed_value=seed(*run.identity) % 2**32),
            # TRL wants a data set and looks at its columns; rows come from get_train_dataloader.
            train_dataset=Dataset.from_dict({"input_ids": [[0]], "labels": [[0]]}),
            data_collator=_unused_collator,
            processing_class=tokenizer,
            peft_config=configure_adapters(settings.lora),
        )
        if self.accelerator.num_processes > 1:
            raise FineTuningError("fine-tuning in several processes is not supported; use one")

    def get_train_dataloader(self) -> DataLoader:
        """Micro-batches in the order of the plan."""
        parts: Any = self.plan
        return DataLoader(parts, collate_fn=lambda part: self.rows(part[0]))

    def rows(self, chosen: NDArray[np.int64]) -> dict[str, Tensor]:
        """Demonstrations as the model gets them, each tensor (chosen, longest of them)."""
        lengths = torch.from_numpy(self.data.lengths[chosen])
        longest = int(lengths.max())
        picked = torch.from_numpy(chosen)
        return {
            "input_ids": self.data.ids[picked, :longest],
            "labels": self.data.labels[picked, :longest],
            "attention_mask": (torch.arange(longest) < lengths[:, None]).long(),
        }

    def compute_loss(self, *arguments: Any, **options: Any) -> Tensor:  # noqa: ANN401
        """TRL's loss; stops before a loss that is no number reaches the weights."""
        loss: Tensor = super().compute_loss(*arguments, **options)
        if not torch.isfinite(loss):
            self._stop(self.state.global_step + 1, f"loss is {loss.item()}")
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Hand over an update's row, without times and TRL's own measures."""
        if "loss" not in logs:  # the summary at the end, which holds times
            return
        step = self.state.global_step
        self._metrics["train"].clear()
        if not math.isfinite(logs["grad_norm"]):
            self._stop(step, f"grad_norm is {logs['grad_norm']}")
        self.on_step(
            FineTuningRow(
                step=step,
                loss=logs["loss"],
                learning_rate=logs["learning_rate"],
                grad_norm=logs["grad_norm"],
            )
        )

    def _stop(self, step: int, what: str) -> NoReturn:
        raise FineTuningError(
            f"step {step}: {what}; training stopped. Resume points before this step are kept; "
            "lower the learning rate or the gradient's largest norm"
        )


def finetune(
    run: FineTuningRun,
    encode: Callable[[PreTrainedModel, PreTrainedTokenizerBase], Sequences],
    target: Path,
) -> list[FineTuningRow]:
    """Fine-tune an arm, going on where a killed run stopped, and write its model folder.

    Args:
        run: what to train.
        encode: demonstrations as token ids of the start model.
        target: the model folder to write.

    Returns:
        The log, one row per update: step (from 1), loss (nats per learned token), learning_rate,
        grad_norm (before clipping).
    """
    settings = run.settings
    # Frozen weights may be kept in the precision of training; weights that are trained may not.
    dtype = settings.precision if settings.lora else "float32"
    model, tokenizer = checkpoints.load(run.start, dtype)
    data = encode(model, tokenizer)
    point = checkpoints.find_resume_point(run.folder)
    log = TrainingLog[FineTuningRow](run.folder / "log.jsonl", run.live)
    done = checkpoints.count_resumed_updates(point)
    log.restore(done)
    with tqdm(
        total=settings.steps, initial=done, desc=f"sft {run.name}", unit="step",
        mininterval=0.5, file=sys.stderr,
    ) as bar:  # fmt: skip

        def on_step(row: FineTuningRow) -> None:
            log.append(row)
            bar.set_postfix(loss=f"{row['loss']:.3f}", refresh=False)
            bar.update()

        trainer = DemonstrationTrainer(model, tokenizer, data, run, on_step)
        trainer.train(resume_from_checkpoint=str(point) if point else None)
    checkpoints.save(trainer.model, run.start, target)
    return log.rows


def _unused_collator(rows: object) -> dict[str, Tensor]:
    """TRL wants a collator, or sets the model's padding token; rows come ready."""
    raise NotImplementedError
