"""TRL's GRPOTrainer with another forward pass of the loss, and the scores of other models.

A score is the log-probability of a response's token. The pass over shared prompts
(`passk.training.scoring`) is optional; TRL's own is led to the images of its rows.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import GRPOTrainer
from trl.trainer.utils import add_fused_lm_head

from passk.models.arithmetic import route_products
from passk.models.image_inputs import ImageInputs, hide_response_placeholders, make_model_inputs
from passk.models.policy_weights import unwrap
from passk.training.batches import BatchTensors
from passk.training.configuration import make_configuration
from passk.training.scoring import score_sharing_prompts
from passk.training.settings import Training
from passk.training.weights import configure_adapters


class TrainingError(ValueError):
    """Training cannot go on; the message names the step and the remedy."""


class ScoringTrainer(GRPOTrainer):
    """Scores responses under the policy, its start model and TRL's reference model.

    Args:
        model: a causal language model; trained in place.
        tokenizer: of the model; must have a padding token.
        settings: the arm's parameters.
        folder: where resume points are written.
        seed_value: of TRL's own random numbers.

    Attributes:
        images: of the tasks of the step at hand, if they have any; a batch's column `task` says
            which image a row shows.
        start_copy: the start model where its divergence is logged and no adapter is trained.
    """

    model: PreTrainedModel

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        settings: Training,
        *,
        folder: Path,
        seed_value: int,
    ) -> None:
        if tokenizer.pad_token_id is None:
            raise TrainingError("the start model's tokenizer has no padding token; give it one")
        route_products()
        self.settings = settings
        self.images: list[ImageInputs] = []
        self._row_images: Tensor | None = None  # which image each row of the pass at hand shows
        # Adapters can be switched off instead; for the KL penalty TRL has a copy of its own.
        copied = settings.kl_every and settings.lora is None
        self.start_copy = copy_frozen(model) if copied else None
        super().__init__(
            model=model,
            reward_funcs=_unused_reward,
            args=make_configuration(settings, folder, seed_value=seed_value),
            train_dataset=Dataset.from_dict({"prompt": [""]}),
            processing_class=tokenizer,
            peft_config=configure_adapters(settings.lora),
        )
        if self.start_copy is not None:
            self.start_copy.to(self.accelerator.device)
            if not settings.share_prompts:  # what TRL's own pass asks of a model
                add_fused_lm_head(self.start_copy, temperature=settings.temperature)

    def _get_per_token_logps_and_entropies(
        self,
        model: PreTrainedModel,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        *arguments: object,
        **options: object,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        images = (
            [] if self._row_images is None else [self.images[i] for i in self._row_images.tolist()]
        )
        split = input_ids.shape[1] - logits_to_keep
        if not self.settings.share_prompts:
            score = super()._get_per_token_logps_and_entropies
            if not images:
                return score(
                    model, input_ids, attention_mask, logits_to_keep, *arguments, **options
                )
            plain_model = unwrap(self.accelerator.unwrap_model(model))
            options |= make_model_inputs(
                input_ids, images, plain_model.config.image_token_id, split
            )
            options["num_images"] = [1] * len(images)
            with hide_response_placeholders(plain_model, split):
                return score(
                    model, input_ids, attention_mask, logits_to_keep, *arguments, **options
                )
        with self.accelerator.autocast():
            logps, entropies = score_sharing_prompts(
                model,
                (input_ids[:, :split], attention_mask[:, :split]),
                (input_ids[:, split:], attention_mask[:, split:]),
                temperature=self.temperature,
                rows=self.settings.forward_rows,
                entropy_gradient=self._entropy_bonus_enabled,
                images=images,
            )
        return logps, entropies, None

    def _scores(self, model: PreTrainedModel, batch: BatchTensors) -> Tensor:
        """Log-probabilities of a batch's completions under a model, shape (B, tokens)."""
        ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
        mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
        width = batch["completion_ids"].shape[1]
        rows = self.args.per_device_train_batch_size  # as many at once as an update passes on
        with self._pair_images(batch):
            return self._get_per_token_logps_and_entropies(model, ids, mask, width, rows)[0]

    @contextmanager
    def _pair_images(self, batch: BatchTensors) -> Iterator[None]:
        """While the rows of a batch are passed on: TRL names no image by its row."""
        self._row_images = batch["task"] if self.images else None
        try:
            yield
        finally:
            self._row_images = None

    @contextmanager
    def _start_model(self, copy: PreTrainedModel | None) -> Iterator[PreTrainedModel]:
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
            with self._start_model(self.start_copy) as start:
                before = self._scores(start, batch)
            ratio = (before - self._scores(self.model, batch)) * mask
            return float((torch.expm1(ratio) - ratio).sum() / mask.sum().clamp(min=1))


def _unused_reward(**_: object) -> list[float | None]:
    """TRL wants a reward function; rewards come from `PolicyTrainer.reward`."""
    raise NotImplementedError


def copy_frozen(model: PreTrainedModel) -> PreTrainedModel:
    """The model as it is now, never trained."""
    copy: PreTrainedModel = type(model)(model.config)
    copy.load_state_dict(model.state_dict())
    return copy.requires_grad_(False).eval()
