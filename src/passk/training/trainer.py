"""The one reinforcement-learning trainer: TRL's GRPOTrainer with rollouts and advantages replaced.

TRL keeps the loss (ratio, clipping, KL penalty, entropy bonus, loss types), the optimizer, mixed
precision and resume points. Replaced are: how rollouts are asked, drawn and judged
(`passk.training.collection`), the advantage (`passk.training.algorithms`), and the forward pass of
the loss (`passk.training.scoring`, optional). Added is a critic (`passk.training.critic`).

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
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import add_fused_lm_head

from passk.core.digests import seed
from passk.models.arithmetic import route_products
from passk.models.image_inputs import ImageInputs, images_in_prompts_only, inputs
from passk.models.policy_weights import plain_model
from passk.sampling.rollouts import RolloutSampler
from passk.training.algorithms.algorithm import StepRewards
from passk.training.batches import collate, micro_batches
from passk.training.collection import Collected, Collector
from passk.training.configuration import configuration
from passk.training.critic import Critic
from passk.training.resuming import Resuming
from passk.training.reward import Reward
from passk.training.rollouts import Task
from passk.training.scoring import shared_prompt_scores
from passk.training.seconds import Stopwatch
from passk.training.settings import Training
from passk.training.weights import adapters

_MICRO = "micro"


class TrainingError(ValueError):
    """Training cannot go on; the message names the step and the remedy."""


class PolicyTrainer(Resuming, GRPOTrainer):
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
        on_step: called with a step's number and log row, after its last update.
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
        on_step: Callable[[int, dict[str, Any]], None],
        watch: Stopwatch | None = None,
    ) -> None:
        if tokenizer.pad_token_id is None:
            raise TrainingError("the start model's tokenizer has no padding token; give it one")
        route_products()
        self.settings = settings
        self.identity = identity
        self.on_step = on_step
        self.watch = watch or Stopwatch()
        self.collect = Collector(list(tasks), settings, draw, reward, identity, self.watch)
        self._seen: list[ImageInputs] = []  # the images of this step's tasks, if they have any
        self._shown: Tensor | None = None  # which of them the rows of the pass at hand show
        self._rows: list[dict[str, float]] = []  # log rows of the updates of this step
        self._facts: dict[str, Any] = {}  # what the rollouts of this step say
        # Adapters can be switched off instead; for the KL penalty TRL has a copy of its own.
        copied = settings.kl_every and settings.lora is None
        self._start = _frozen_copy(model) if copied else None
        critic = settings.algorithm.critic()
        copy = None if critic is None else _frozen_copy(model)
        super().__init__(
            model=model,
            reward_funcs=_unused_reward,
            args=configuration(settings, folder, seed_value=seed(*identity) % 2**32),
            train_dataset=Dataset.from_dict({"prompt": [""]}),
            processing_class=tokenizer,
            peft_config=adapters(settings.lora),
        )
        device = self.accelerator.device
        self.critic = None
        if critic is not None and copy is not None:
            self.critic = Critic(copy, critic, settings, identity, device)
        if self._start is not None:
            self._start.to(device)
            if not settings.share_prompts:  # what TRL's own pass asks of a model
                add_fused_lm_head(self._start, temperature=settings.temperature)

    def train(self, *rest: Any, **named: Any) -> Any:  # noqa: ANN401
        """Train, and count the seconds that are neither sampling nor judging."""
        with self.watch("training"):
            return super().train(*rest, **named)

    # --- which micro-batch ------------------------------------------------------------------

    @property
    def updates_per_step(self) -> int:
        """Optimizer updates from one rollout batch."""
        return self.settings.num_iterations * self.settings.minibatches

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
        step, place = divmod(generation_batch[_MICRO], parts * self.settings.num_iterations)
        if place == 0 or self._buffered_inputs is None:
            self._buffered_inputs = self._roll_out(step + 1)
        return self._buffered_inputs[place % parts]

    # --- rollouts, rewards, advantages ------------------------------------------------------

    def _roll_out(self, step: int) -> list[dict[str, Any]]:
        """Draw and judge the rollouts of a step; one dictionary of tensors per micro-batch.

        An empty dictionary is a micro-batch without rows; a step of only such is no update.
        """
        self.model.eval()
        with torch.no_grad():
            collected = self.collect(self.accelerator.unwrap_model(self.model), step)
        slices = self._scored(collected, step)  # in evaluation mode, too: no dropout in old scores
        self.model.train()
        return slices

    def _scored(self, collected: Collected, step: int) -> list[dict[str, Any]]:
        """Micro-batches with advantages, and what the loss compares the policy with."""
        self._facts = {**collected.facts, "trained": 0.0}
        nothing: list[dict[str, Any]] = [{} for _ in range(self._parts)]
        if not collected.groups:
            return nothing
        device = self.accelerator.device
        self._seen = [task.image for task in collected.tasks if task.image is not None]
        batch = collate(collected.tasks, collected.groups, self._tokenizer.pad_token_id, device)
        advantages = self._advantages(collected, batch, step).to(device)
        flat = [rollout for group in collected.groups for rollout in group]
        if self.settings.mask_truncated:
            cut = torch.tensor([r.truncated for r in flat], device=device)
            batch["completion_mask"] = batch["completion_mask"] * ~cut[:, None]
        every = self.settings.kl_every
        if every and (step == 1 or step % every == 0):
            self._facts["kl"] = self._divergence(batch)
        if self.critic is not None and step <= self.critic.config.warmup:
            return nothing
        if self.settings.beta:
            with torch.no_grad(), self._as_begun(self.ref_model) as reference:
                batch["ref_per_token_logps"] = self._scores(reference, batch)
        slices, kept = micro_batches(
            {**batch, "advantages": advantages},
            self._parts,
            order=self._order(step, len(flat)),
            skip=self.settings.skip_zero_advantage and not self._regularised,
            loss_type=self.settings.loss_type,
            share=(self.accelerator.process_index, self.accelerator.num_processes),
        )
        # Of what a step asks for: dynamic sampling may find fewer groups than that.
        self._facts["trained"] = kept / (self.settings.prompts * self.settings.rollouts)
        # Before the first update the ratio is 1 by definition: no scores are needed for it.
        first = self.settings.gradient_accumulation if self.settings.num_iterations == 1 else 0
        if self.updates_per_step > 1:
            for part in filter(None, slices[first:]):
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
            flat = self.critic.values(batch)
            values = flat.cpu().view(*rewards.shape, -1)
            self._facts |= self.critic.learn(
                batch, rewards.flatten().to(device), flat, lengths.flatten().to(device), step
            )
            if not math.isfinite(self._facts["critic_loss"]):
                self._stop(f"the critic's loss is {self._facts['critic_loss']}")
        measured = StepRewards(
            rewards, lengths, self.settings.max_new_tokens, collected.greedy, values
        )
        return self.settings.algorithm.advantages(measured).flatten(0, 1)

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

    def _compute_loss(self, model: PreTrainedModel, inputs: Mapping[str, Any]) -> Tensor:
        if not inputs:  # no rows: no gradient, so the optimizer leaves every weight as it is
            return torch.zeros((), device=self.accelerator.device, requires_grad=True)
        with self._showing(inputs):
            loss: Tensor = super()._compute_loss(model, inputs) * inputs["weight"]
        if not torch.isfinite(loss):
            self._stop(f"loss is {loss.item()}")
        return loss

    def _get_per_token_logps_and_entropies(
        self,
        model: PreTrainedModel,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        *rest: object,
        **named: object,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        images = [] if self._shown is None else [self._seen[i] for i in self._shown.tolist()]
        split = input_ids.shape[1] - logits_to_keep
        if not self.settings.share_prompts:
            own = super()._get_per_token_logps_and_entropies
            if not images:
                return own(model, input_ids, attention_mask, logits_to_keep, *rest, **named)
            plain = plain_model(self.accelerator.unwrap_model(model))
            named |= inputs(input_ids, images, plain.config.image_token_id, split)
            named["num_images"] = [1] * len(images)
            with images_in_prompts_only(plain, split):
                return own(model, input_ids, attention_mask, logits_to_keep, *rest, **named)
        with self.accelerator.autocast():
            logps, entropies = shared_prompt_scores(
                model,
                (input_ids[:, :split], attention_mask[:, :split]),
                (input_ids[:, split:], attention_mask[:, split:]),
                temperature=self.temperature,
                rows=self.settings.forward_rows,
                entropy_gradient=self._entropy_bonus_enabled,
                images=images,
            )
        return logps, entropies, None

    def _scores(self, model: PreTrainedModel, batch: Mapping[str, Tensor]) -> Tensor:
        """Log-probabilities of a batch's completions under a model, shape (B, tokens)."""
        ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
        mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
        width = batch["completion_ids"].shape[1]
        rows = self.args.per_device_train_batch_size  # as many at once as an update passes on
        with self._showing(batch):
            return self._get_per_token_logps_and_entropies(model, ids, mask, width, rows)[0]

    @contextmanager
    def _showing(self, batch: Mapping[str, Any]) -> Iterator[None]:
        """While the rows of a batch are passed on: TRL names no image by its row."""
        self._shown = batch["task"] if self._seen else None
        try:
            yield
        finally:
            self._shown = None

    @contextmanager
    def _as_begun(self, copy: PreTrainedModel | None) -> Iterator[PreTrainedModel]:
        """The start model: its copy, or the policy with its adapters switched off."""
        if copy is not None:
            yield copy
            return
        policy: Any = self.accelerator.unwrap_model(self.model)
        with policy.disable_adapter():
            yield policy

    def _divergence(self, batch: Mapping[str, Tensor]) -> float:
        """KL from the start model, nats per token, by the k3 estimator on the rollouts."""
        with torch.no_grad():
            mask = batch["completion_mask"]
            with self._as_begun(self._start) as start:
                before = self._scores(start, batch)
            ratio = (before - self._scores(self.model, batch)) * mask
            return float((torch.expm1(ratio) - ratio).sum() / mask.sum().clamp(min=1))

    # --- log and resume points ----------------------------------------------------------------

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Gather an update's numbers; hand over the step's row after its last update."""
        if "loss" not in logs:  # the summary at the end, which holds times
            return
        gathered = self._metrics["train"].items()
        measured = {name: sum(values) / len(values) for name, values in gathered if values}
        self._metrics["train"].clear()
        for name in ("loss", "grad_norm"):
            if not math.isfinite(logs[name]):
                # An update is counted before it is logged.
                self._stop(f"{name} is {logs[name]}", self.state.global_step - 1)
        self._rows.append(
            {
                "loss": logs["loss"],
                "grad_norm": logs["grad_norm"],
                "learning_rate": logs["learning_rate"],
                "clip_fraction": measured.get("clip_ratio/region_mean", 0.0),
                **({"kl": measured["kl"]} if "kl" in measured else {}),
            }
        )
        if len(self._rows) == self.updates_per_step:
            step = self.state.global_step // self.updates_per_step
            self.on_step(step, {"step": step, **self._facts, **_means(self._rows)})
            self._rows = []

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


def _unused_reward(**_: object) -> list[float | None]:
    """TRL wants a reward function; rewards come from `PolicyTrainer.reward`."""
    raise NotImplementedError


def _frozen_copy(model: PreTrainedModel) -> PreTrainedModel:
    """The model as it is now, never trained."""
    copy: PreTrainedModel = type(model)(model.config)
    copy.load_state_dict(model.state_dict())
    return copy.requires_grad_(False).eval()


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean over a step's updates."""
    columns: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            columns[name].append(value)
    return {name: sum(values) / len(values) for name, values in columns.items()}
