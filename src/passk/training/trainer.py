"""The one reinforcement-learning trainer: TRL's GRPOTrainer with rollouts and advantages replaced.

TRL keeps the loss (ratio, clipping, KL penalty, entropy bonus, loss types), the optimizer, mixed
precision and resume points. Replaced are: how rollouts are asked, drawn and judged
(`passk.training.collection`), the advantage (`passk.training.algorithms`), and the forward pass of
the loss (`passk.training.scoring_trainer`). Added is a critic (`passk.training.critic`).

Differences from a plain GRPOTrainer run of the same numbers:
    1. Rows whose advantage is exactly 0 are left out of the forward and backward pass when
       `skip_zero_advantage` holds and nothing but the advantage moves the policy (no KL penalty, no
       entropy bonus). Their gradient is 0, and the loss is rescaled to count them, so the update is
       the same up to float rounding.
    2. `bnpo` averages over the tokens of the whole update, not of each micro-batch.
    3. A step is one rollout batch; TRL counts updates.
    4. The entropy that is logged is that of the policy that drew the rollouts, over all of them.
    5. A step without rows to train on (dynamic sampling found no signal; the critic warms up) is
       logged and leaves the weights as they are.

In several processes each collects the whole step (see `passk.training.processes`) and passes its
share of the rows of every micro-batch; a critic is learned by each alike.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import GRPOConfig

from passk.core.digests import seed
from passk.sampling.rollouts import RolloutSampler
from passk.training.algorithms.algorithm import StepRewards
from passk.training.batches import MicroBatch, collate, split_batch
from passk.training.collection import Collected, Collector
from passk.training.critic import Critic
from passk.training.log_rows import RolloutSummary, StepRow
from passk.training.resuming import Resuming
from passk.training.reward import Reward
from passk.training.scoring_trainer import ScoringTrainer, TrainingError, copy_frozen
from passk.training.seconds import Stopwatch
from passk.training.settings import Training
from passk.training.step_log import StepLog
from passk.training.tasks import Task

_MICRO = "micro"


class PolicyTrainer(Resuming, ScoringTrainer):
    """Trains a policy on verifiable rewards; see the module's page.

    Args:
        model: a causal language model; trained in place.
        tokenizer: of the model; must have a padding token.
        tasks: the problems.
        settings: the arm's parameters.
        draw: draws the rollouts of a step.
        reward: judges responses.
        identity: what the order of problems and of rows derives from: study seed and arm's seed.
        folder: where resume points are written.
        on_step: called with a step's log row, after its last update.
        watch: counts seconds of sampling, judging and training, or None.
    """

    args: GRPOConfig
    model: PreTrainedModel
    _buffered_inputs: Any  # the micro-batches of the current rollouts

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        tasks: Sequence[Task],
        settings: Training,
        *,
        draw: RolloutSampler,
        reward: Reward,
        identity: tuple[int | str, ...],
        folder: Path,
        on_step: Callable[[StepRow], None],
        watch: Stopwatch | None = None,
    ) -> None:
        self.identity = identity
        self.watch = watch or Stopwatch()
        self.collect = Collector(list(tasks), settings, draw, reward, identity, self.watch)
        self.step_log = StepLog(settings.num_iterations * settings.minibatches, on_step)
        critic = settings.algorithm.critic()
        copy = None if critic is None else copy_frozen(model)
        super().__init__(
            model, tokenizer, settings, folder=folder, seed_value=seed(*identity) % 2**32
        )
        self.critic = None
        if critic is not None and copy is not None:
            self.critic = Critic(copy, critic, settings, identity, self.accelerator.device)

    def train(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Train, and count the seconds that are neither sampling nor judging."""
        with self.watch("training"):
            return super().train(*arguments, **options)

    # --- which micro-batch ------------------------------------------------------------------

    @property
    def updates_per_step(self) -> int:
        """Optimizer updates from one rollout batch."""
        return self.step_log.updates

    @property
    def _parts(self) -> int:
        """Micro-batches in one pass over a rollout batch."""
        return self.settings.minibatches * self.settings.gradient_accumulation

    def get_train_dataloader(self) -> DataLoader:
        """Numbers of micro-batches; what they hold is a pure function of the number."""
        count = self.args.max_steps * self.args.gradient_accumulation_steps
        numbers: Any = [{_MICRO: i} for i in range(count)]
        return DataLoader(numbers, collate_fn=lambda rows: rows[0])

    def _prepare_inputs(self, generation_batch: Mapping[str, Any]) -> dict[str, Any]:
        parts = self._parts
        step, part = divmod(generation_batch[_MICRO], parts * self.settings.num_iterations)
        if part == 0 or self._buffered_inputs is None:
            self._buffered_inputs = self._roll_out(step + 1)
        rows: dict[str, Any] = self._buffered_inputs[part % parts]
        return rows

    # --- rollouts, rewards, advantages ------------------------------------------------------

    def _roll_out(self, step: int) -> list[MicroBatch]:
        """Draw and judge the rollouts of a step, and split them into micro-batches.

        An empty micro-batch has no rows; a step of only such is no update.
        """
        self.model.eval()
        with torch.no_grad():
            collected = self.collect(self.accelerator.unwrap_model(self.model), step)
        # In evaluation mode, too: no dropout in old scores.
        slices = self._split_step(collected, step)
        self.model.train()
        return slices

    def _split_step(self, collected: Collected, step: int) -> list[MicroBatch]:
        """Micro-batches with advantages, and what the loss compares the policy with."""
        self.step_log.summary = RolloutSummary(**collected.summary)
        self.step_log.summary["trained"] = 0.0
        no_rows = [MicroBatch() for _ in range(self._parts)]
        if not collected.groups:
            return no_rows
        device = self.accelerator.device
        self.images = [task.image for task in collected.tasks if task.image is not None]
        batch = collate(collected.tasks, collected.groups, self._tokenizer.pad_token_id, device)
        advantages = self._advantages(collected, batch, step).to(device)
        flat = [rollout for group in collected.groups for rollout in group]
        if self.settings.mask_truncated:
            truncated = torch.tensor([r.truncated for r in flat], device=device)
            batch["completion_mask"] = batch["completion_mask"] * ~truncated[:, None]
        interval = self.settings.kl_every
        if interval and (step == 1 or step % interval == 0):
            self.step_log.summary["kl"] = self._divergence(batch)
        if self.critic is not None and step <= self.critic.config.warmup:
            return no_rows
        if self.settings.beta:
            with torch.no_grad(), self._start_model(self.ref_model) as reference:
                batch["ref_per_token_logps"] = self._scores(reference, batch)
        slices, trained_rows = split_batch(
            {**batch, "advantages": advantages},
            self._parts,
            order=self._order(step, len(flat)),
            skip=self.settings.skip_zero_advantage and not self._regularised,
            loss_type=self.settings.loss_type,
            share=(self.accelerator.process_index, self.accelerator.num_processes),
        )
        # Of what a step asks for: dynamic sampling may find fewer groups than that.
        rows_of_step = self.settings.prompts * self.settings.rollouts
        self.step_log.summary["trained"] = trained_rows / rows_of_step
        # Before the first update the ratio is 1 by definition: no scores are needed for it.
        first_unscored = (
            self.settings.gradient_accumulation if self.settings.num_iterations == 1 else 0
        )
        if self.updates_per_step > 1:
            for part in filter(None, slices[first_unscored:]):
                with torch.no_grad():
                    part["old_per_token_logps"] = self._scores(self.model, part)
        return slices

    def _advantages(self, collected: Collected, batch: Mapping[str, Tensor], step: int) -> Tensor:
        """Advantages of all rollouts, shape (B,) or (B, tokens); a critic learns from them."""
        rewards = collected.rewards
        lengths = torch.tensor([[len(r.token_ids) for r in g] for g in collected.groups])
        values = None
        if self.critic is not None:
            device = self.accelerator.device
            flat_values = self.critic.values(batch)
            values = flat_values.cpu().view(*rewards.shape, -1)
            learned = self.critic.learn(
                batch, rewards.flatten().to(device), flat_values, lengths.flatten().to(device), step
            )
            if not math.isfinite(learned["critic_loss"]):
                self._stop(f"the critic's loss is {learned['critic_loss']}")
            self.step_log.summary["critic_loss"] = learned["critic_loss"]
            self.step_log.summary["explained_variance"] = learned["explained_variance"]
        step_rewards = StepRewards(
            rewards, lengths, self.settings.max_new_tokens, collected.greedy, values
        )
        return self.settings.algorithm.advantages(step_rewards).flatten(0, 1)

    @property
    def _regularised(self) -> bool:
        """Whether anything besides the advantage moves the policy."""
        return self.settings.beta != 0 or self.settings.entropy_coef != 0

    def _order(self, step: int, rows: int) -> Tensor:
        """Order in which rows fill the micro-batches; it matters with several updates only."""
        if self.settings.minibatches == 1:
            return torch.arange(rows)
        generator = torch.Generator().manual_seed(seed("minibatches", *self.identity, step))
        return torch.randperm(rows, generator=generator)

    # --- loss ---------------------------------------------------------------------------------

    def _compute_loss(self, model: PreTrainedModel, inputs: MicroBatch) -> Tensor:
        if not inputs:  # no rows: no gradient, so the optimizer leaves every weight as it is
            return torch.zeros((), device=self.accelerator.device, requires_grad=True)
        with self._pair_images(inputs):
            loss: Tensor = super()._compute_loss(model, inputs) * inputs["weight"]
        if not torch.isfinite(loss):
            self._stop(f"loss is {loss.item()}")
        return loss

    # --- log and resume points ----------------------------------------------------------------

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Gather an update's numbers; hand over the step's row after its last update."""
        if "loss" not in logs:  # the summary at the end, which holds times
            return
        measures = self._metrics["train"].items()
        measured = {name: sum(values) / len(values) for name, values in measures if values}
        self._metrics["train"].clear()
        for name in ("loss", "grad_norm"):
            if not math.isfinite(logs[name]):
                # An update is counted before it is logged.
                self._stop(f"{name} is {logs[name]}", self.state.global_step - 1)
        self.step_log.add(self.state.global_step, logs, measured)

    def _stop(self, what: str, updates: int | None = None) -> None:
        """Name the step that comes after so many updates; None: after those done."""
        done = self.state.global_step if updates is None else updates
        step = done // self.updates_per_step + 1
        raise TrainingError(
            f"step {step}: {what}; training stopped. Checkpoints and resume points before this "
            "step are kept; lower the learning rate or the gradient's largest norm"
        )

    def _save_checkpoint(self, model: torch.nn.Module, trial: object) -> None:
        # The critic first: what comes after it marks the resume point as complete.
        if self.critic is not None and self.args.should_save:
            folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
            self.critic.save(folder)
        super()._save_checkpoint(model, trial)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:  # noqa: ANN401
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        if self.critic is not None:
            self.critic.load(Path(resume_from_checkpoint))
