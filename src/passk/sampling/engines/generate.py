"""The `generate` engine: rollouts by transformers' own `generate`, of any architecture.

`generate` draws all rows of a batch from one random stream, so that a rollout depends on the batch
that it is in; it draws no blocks, which must not. A batch has as many rows as a forward pass of the
loss. The start model's own sampling defaults (top-k, penalties) are not used.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from passk.core.digests import seed
from passk.sampling.engines.engine import Engine
from passk.sampling.rollouts import Rollout, RolloutConfig, RolloutPrompt, RolloutRequest

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from passk.models.image_inputs import ImageInputs


class GenerateRollouts:
    """Draws an arm's rollouts by `generate`; a `RolloutSampler`."""

    def __init__(self, config: RolloutConfig) -> None:
        self.config = config

    def __call__(self, model: "PreTrainedModel", request: RolloutRequest) -> list[list[Rollout]]:
        """Responses to tasks, batch by batch; torch's global generator stays as it was."""
        import torch

        config = self.config
        size = request.group_size(config.rollouts)
        at_once = max(config.prompts * config.rollouts // config.passes, 1)
        prompts = [task for task in request.tasks for _ in range(size)]
        flat: list[Rollout] = []
        devices = [model.device] if model.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            for begin in range(0, len(prompts), at_once):
                batch = prompts[begin : begin + at_once]
                identity = (*config.identity, request.step, request.first, begin)
                torch.manual_seed(seed(request.stream, *identity))
                flat += self._generate(model, batch, greedy=request.greedy)
        return [flat[i : i + size] for i in range(0, len(flat), size)]

    def _generate(
        self, model: "PreTrainedModel", tasks: Sequence[RolloutPrompt], *, greedy: bool
    ) -> list[Rollout]:
        """One response to each task, by one call of `generate`."""
        import torch
        from transformers import GenerationConfig, LogitsProcessorList

        from passk.sampling.tokens import find_end_tokens

        config = self.config
        tokenizer = config.tokenizer
        prompts = [task.prompt_ids for task in tasks]
        width = max(map(len, prompts))
        pad = tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(p)) + list(p) for p in prompts]).to(model.device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
        ends = find_end_tokens(getattr(model.generation_config, "eos_token_id", None), tokenizer)
        sampled = {} if greedy else {"temperature": config.temperature, "top_p": config.top_p}
        generation = GenerationConfig(
            max_new_tokens=config.max_new_tokens, do_sample=not greedy,
            top_k=0 if sampled else None, eos_token_id=list(ends), pad_token_id=pad,
            use_cache=True, **sampled,
        )  # fmt: skip
        entropies = _EntropyRecorder(1.0 if greedy else config.temperature)
        declared = model.generation_config
        model.generation_config = generation  # what it says would fill in what is not said here
        try:
            generate_by: Any = model.generate
            out = generate_by(
                input_ids=ids,
                attention_mask=mask.to(model.device),
                **_prepare_images(model, ids, [task.image for task in tasks]),
                generation_config=generation,
                logits_processor=LogitsProcessorList([entropies]),
            )
        finally:
            model.generation_config = declared
        spread = torch.stack(entropies.columns, dim=1).cpu()
        rows = [_cut_at_end(row, ends) for row in out[:, width:].tolist()]
        texts = tokenizer.batch_decode(rows, skip_special_tokens=True)
        return [
            Rollout(row, text, row[-1] not in ends, float(spread[i, : len(row)].mean()))
            for i, (row, text) in enumerate(zip(rows, texts, strict=True))
        ]


class _EntropyRecorder:
    """A logits processor: notes the entropy, nats, of every next-token distribution."""

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature
        self.columns: list[Tensor] = []

    def __call__(self, input_ids: "Tensor", scores: "Tensor") -> "Tensor":
        """Note the entropies of a step, and change nothing."""
        logs = (scores.float() / self.temperature).log_softmax(dim=-1)
        # A token that cannot be drawn has log-probability -inf and mass 0: 0 * -inf counts as 0.
        self.columns.append(-(logs.exp() * logs.nan_to_num(neginf=0.0)).sum(-1))
        return scores


def _cut_at_end(row: list[int], ends: Sequence[int]) -> list[int]:
    """Tokens up to the first that ends a response, with it."""
    end_positions = [position for position, token in enumerate(row) if token in ends]
    return row[: end_positions[0] + 1] if end_positions else row


def _prepare_images(
    model: "PreTrainedModel", ids: "Tensor", images: Sequence["ImageInputs | None"]
) -> dict[str, "Tensor"]:
    """What a forward pass takes besides ids: the images of all rows, or nothing."""
    from passk.models.image_inputs import make_model_inputs

    present = [image for image in images if image is not None]
    return make_model_inputs(ids, present, model.config.image_token_id) if present else {}


GENERATE = Engine(
    version=1,
    exact=False,
    rollouts=GenerateRollouts,
    cached_rows=lambda rows, passes: rows / passes,
)
