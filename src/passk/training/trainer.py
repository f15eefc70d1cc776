"""The one reinforcement-learning trainer: TRL's GRPOTrainer with rollouts and advantages replaced.

TRL keeps the loss (ratio, clipping, KL penalty, entropy bonus, loss types), the optimizer, mixed
precision and resume points. Replaced are: how rollouts are drawn (`passk.training.rollouts`), the
advantage (`passk.training.advantages`), which problems a step asks (`passk.training.order`), and
the forward pass of the loss (`passk.training.scoring`, optional).

Differences from a plain GRPOTrainer run of the same numbers:
    1. Rows whose advantage is exactly 0 are left out of the forward and backward pass when
       `skip_zero_advantage` holds and nothing but the advantage moves the policy (no KL penalty, no
       entropy bonus). Their gradient is 0, and the loss is rescaled to count them, so the update is
       the same up to float rounding.
    2. `bnpo` averages over the tokens of the whole update, not of each micro-batch.
    3. A step is one rollout batch; TRL counts updates.
    4. The entropy that is logged is that of the policy that drew the rollouts, over all of them.

Covered: one process, on a processor or one GPU. Not covered yet: several processes.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from datasets import Dataset
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import add_fused_lm_head

from passk.digests import seed
from passk.params.training import Training
from passk.training.advantages import ALGORITHMS
from passk.training.batches import collate, describe, micro_batches
from passk.training.checkpoints import COMPLETE
from passk.training.configuration import configuration
from passk.training.order import problems_of_step
from passk.training.reward import Reward
from passk.training.rollouts import Draw, Rollout, Task
from passk.training.scoring import shared_prompt_scores

_MICRO = "micro"


class TrainingError(ValueError):
    """Training cannot go on; the message names the step and the remedy."""


class _LoadResult(Protocol):
    missing_keys: list[str]
    unexpected_keys: list[str]


class PolicyTrainer(GRPOTrainer):
    """Trains a policy on verifiable rewards; see the module's page.

    Args:
        model: a causal language model; trained in place.
        tokenizer: of the model; must have a padding token.
        tasks: the problems.
        settings: the arm's parameters.
        draw: draws the rollouts of a step.
        reward: judges responses.
        identity: what random choices derive from: study seed and arm's seed.
        folder: where resume points are written.
        on_step: called with a step's number and log row, after its last update.
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
        draw: Draw,
        reward: Reward,
        identity: tuple[int | str, ...],
        folder: Path,
        on_step: Callable[[int, dict[str, Any]], None],
    ) -> None:
        if tokenizer.pad_token_id is None:
            raise TrainingError("the start model's tokenizer has no padding token; give it one")
        self.settings = settings
        self.tasks = list(tasks)
        self.draw = draw
        self.reward = reward
        self.identity = identity
        self.on_step = on_step
        self.algorithm = ALGORITHMS[settings.algorithm.name]
        self._rows: list[dict[str, float]] = []  # log rows of the updates of this step
        self._facts: dict[str, Any] = {}  # what the rollouts of this step say
        self._start = _frozen_copy(model) if settings.kl_every else None
        super().__init__(
            model=model,
            reward_funcs=_unused_reward,
            args=configuration(settings, folder, seed_value=seed(*identity) % 2**32),
            train_dataset=Dataset.from_dict({"prompt": [""]}),
            processing_class=tokenizer,
        )
        if self.accelerator.num_processes > 1:
            raise TrainingError("training in several processes is not supported yet; use one")
        if self._start is not None:
            self._start.to(self.accelerator.device)
            if not settings.share_prompts:  # what TRL's own pass asks of a model
                add_fused_lm_head(self._start, temperature=settings.temperature)

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
        """Draw and judge the rollouts of a step; one dictionary of tensors per micro-batch."""
        chosen = problems_of_step(len(self.tasks), self.settings.prompts, step, *self.identity)
        tasks = [self.tasks[i] for i in chosen]
        self.model.eval()
        with torch.no_grad():
            groups = self.draw(self.accelerator.unwrap_model(self.model), tasks, step)
        self.model.train()
        answers = [task.answer for task in tasks for _ in range(self.settings.rollouts)]
        flat = [rollout for group in groups for rollout in group]
        judged = self.reward(answers, [r.text for r in flat], [r.truncated for r in flat])
        rewards = torch.tensor(judged.values).view(len(tasks), -1)
        self._facts = describe(rewards, flat, judged.unknown)
        advantages = self._advantages(rewards, flat).to(self.accelerator.device)
        batch = collate(tasks, groups, self._tokenizer.pad_token_id, self.accelerator.device)
        if self.settings.mask_truncated:
            cut = torch.tensor([r.truncated for r in flat], device=advantages.device)
            batch["completion_mask"] = batch["completion_mask"] * ~cut[:, None]
        if self._start is not None and (step == 1 or step % self.settings.kl_every == 0):
            self._facts["kl"] = self._divergence(batch)
        if self.updates_per_step > 1:
            with torch.no_grad():
                batch["old_per_token_logps"] = self._scores(self.model, batch)
        if self.ref_model is not None:
            with torch.no_grad():
                batch["ref_per_token_logps"] = self._scores(self.ref_model, batch)
        slices, self._facts["trained"] = micro_batches(
            {**batch, "advantages": advantages},
            self._parts,
            order=self._order(step, len(flat)),
            skip=self.settings.skip_zero_advantage and not self._regularised,
            loss_type=self.settings.loss_type,
        )
        return slices

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

    def _advantages(self, rewards: Tensor, flat: Sequence[Rollout]) -> Tensor:
        """Advantages of all rollouts, shape (B,) or (B, tokens)."""
        made = {
            "lengths": torch.tensor([len(r.token_ids) for r in flat]).view_as(rewards),
            "truncated": torch.tensor([r.truncated for r in flat]).view_as(rewards),
        }
        needed = {name: made[name] for name in self.algorithm.needs}
        options = self.settings.algorithm.model_dump(exclude={"name"})
        return self.algorithm.advantages(rewards, **needed, **options).flatten(0, 1)

    # --- loss ---------------------------------------------------------------------------------

    def _compute_loss(self, model: PreTrainedModel, inputs: Mapping[str, Any]) -> Tensor:
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
        if not self.settings.share_prompts:  # TRL's own pass
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, *rest, **named
            )
        split = input_ids.shape[1] - logits_to_keep
        with self.accelerator.autocast():
            logps, entropies = shared_prompt_scores(
                model,
                (input_ids[:, :split], attention_mask[:, :split]),
                (input_ids[:, split:], attention_mask[:, split:]),
                temperature=self.temperature,
                rows=self.settings.forward_rows,
                entropy_gradient=self._entropy_bonus_enabled,
            )
        return logps, entropies, None

    def _scores(self, model: PreTrainedModel, batch: Mapping[str, Tensor]) -> Tensor:
        """Log-probabilities of a batch's completions under a model, shape (B, tokens)."""
        ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
        mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
        width = batch["completion_ids"].shape[1]
        return self._get_per_token_logps_and_entropies(model, ids, mask, width)[0]

    def _divergence(self, batch: Mapping[str, Tensor]) -> float:
        """KL from the start model, nats per token, by the k3 estimator on the rollouts."""
        with torch.no_grad():
            mask = batch["completion_mask"]
            assert self._start is not None
            ratio = (self._scores(self._start, batch) - self._scores(self.model, batch)) * mask
            return float((torch.expm1(ratio) - ratio).sum() / mask.sum().clamp(min=1))

    # --- log and resume points ----------------------------------------------------------------

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Gather an update's numbers; hand over the step's row after its last update."""
        if "loss" not in logs:  # the summary at the end, which holds times
            return
        measured = {name: values[-1] for name, values in self._metrics["train"].items() if values}
        self._metrics["train"].clear()
        for name in ("loss", "grad_norm"):
            if not math.isfinite(logs[name]):
                self._stop(f"{name} is {logs[name]}")
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

    def _stop(self, what: str) -> None:
        step = self.state.global_step // self.updates_per_step + ("loss" in what)
        raise TrainingError(
            f"step {step}: {what}; training stopped. Checkpoints and resume points before this "
            "step are kept; lower the learning rate or the gradient's largest norm"
        )

    def _save_checkpoint(self, model: torch.nn.Module, trial: object) -> None:
        # Past TRL's own, which adds a model card; marked complete last, against kills.
        Trainer._save_checkpoint(self, model, trial)
        folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
        (folder / COMPLETE).touch()

    def _issue_warnings_after_load(self, load_result: _LoadResult) -> None:
        # Tied weights are stored once, so their second name is missing by design.
        lost = set(load_result.missing_keys) - set(self.model.all_tied_weights_keys)
        if lost or load_result.unexpected_keys:
            raise TrainingError(
                f"{self.args.output_dir}: the resume point lacks {sorted(lost)} or has "
                f"{load_result.unexpected_keys}; delete the folder and run the stage again"
            )

    def floating_point_ops(self, inputs: object) -> int:
        """Not counted."""
        return 0

    def _send_telemetry(self) -> None:
        """None: a study tells nobody that it runs."""


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
