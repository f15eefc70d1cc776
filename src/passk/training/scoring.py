"""Log-probabilities of responses under a model, with each prompt encoded once.

The rollouts of a group share their prompt. A plain forward pass encodes it once per rollout and
pads every row to the longest; this one encodes distinct prompts once, hands their key-value cache
to the responses (gradients flow through it), and runs the responses in chunks of like length. The
result is the plain one up to float rounding.

Covered: full-attention decoders with rotary or other position ids (Qwen2, Llama), and Qwen2.5-VL
with an image in each prompt, in one process. Adapters (peft) are covered. Not covered: sliding
windows, logits scaled or capped by the architecture, sharded models, several processes, gradient
checkpointing; use the plain pass there.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel

from passk.models.image_inputs import ImageInputs, find_rotary_positions, make_model_inputs
from passk.models.policy_weights import unwrap


def score_sharing_prompts(
    model: PreTrainedModel,
    prompts: tuple[Tensor, Tensor],
    responses: tuple[Tensor, Tensor],
    *,
    temperature: float,
    rows: int,
    entropy_gradient: bool = False,
    images: Sequence[ImageInputs] = (),
) -> tuple[Tensor, Tensor]:
    """Per-token log-probabilities and entropies of responses.

    Args:
        model: a transformers causal language model.
        prompts: ids and mask, shape (B, P), padded on the left; equal rows are encoded once.
        responses: ids and mask, shape (B, C), padded on the right.
        temperature: divides the logits.
        rows: responses per chunk.
        entropy_gradient: whether gradients flow through the entropies.
        images: that of each row, in prompts that show one; gradients flow into the vision tower.

    Returns:
        Log-probabilities and entropies in nats, each of shape (B, C), 0 where masked.
    """
    network = unwrap(model)  # its layers hold the adapters, where there are any
    ids, mask = responses
    width = ids.shape[1]
    parts: list[tuple[Tensor, Tensor]] = []
    chunks: list[Tensor] = []
    states = run_sharing_prompts(network.base_model, prompts, responses, rows, images)
    for chunk, hidden in states:
        longest = hidden.shape[1]
        logits = network.get_output_embeddings()(hidden).float() / temperature
        logprobs = torch.log_softmax(logits, dim=-1)
        chosen = logprobs.gather(-1, ids[chunk, :longest, None])[..., 0]
        with torch.set_grad_enabled(entropy_gradient and torch.is_grad_enabled()):
            entropy = -(logprobs.exp() * logprobs).sum(-1)
        here = mask[chunk, :longest]
        parts.append(tuple(_widen(x * here, width) for x in (chosen, entropy)))  # type: ignore[arg-type]
        chunks.append(chunk)
    # Chunks go by length; put the rows back in the order in which they came.
    back = torch.argsort(torch.cat(chunks))
    logps, entropies = (torch.cat(column)[back] for column in zip(*parts, strict=True))
    return logps, entropies


def run_sharing_prompts(
    decoder: nn.Module,
    prompts: tuple[Tensor, Tensor],
    responses: tuple[Tensor, Tensor],
    rows: int,
    images: Sequence[ImageInputs] = (),
) -> Iterator[tuple[Tensor, Tensor]]:
    """Hidden states that predict each response token, in chunks of responses of like length.

    Args:
        decoder: a transformers decoder without its output layer.
        prompts: ids and mask, as in `score_sharing_prompts`.
        responses: ids and mask.
        rows: responses per chunk.
        images: that of each row, or none at all.

    Yields:
        Positions of the responses, shape (rows,), and states, (rows, longest of them, width).
    """
    marked = prompts[0].masked_fill(prompts[1] == 0, -1)  # padding differs from every token
    # Equal words about another image are another prompt: its number goes before them.
    number = {image_inputs: i for i, image_inputs in enumerate(dict.fromkeys(images))}
    which = torch.tensor([number[image_inputs] for image_inputs in images] or [0] * len(marked))
    marked = torch.cat([which.to(marked)[:, None], marked], dim=1)
    distinct, inverse = torch.unique(marked, dim=0, return_inverse=True)
    image_numbers = [list(number)[i] for i in distinct[:, 0].tolist()] if images else []
    ids, prompt_mask = distinct[:, 1:].clamp(min=0), (distinct[:, 1:] >= 0).long()
    positions, shift, image_inputs = _find_prompt_positions(
        decoder, ids, prompt_mask, image_numbers
    )
    encoded = decoder(
        input_ids=ids,
        attention_mask=prompt_mask,
        position_ids=positions,
        use_cache=True,
        **image_inputs,
    )
    # The state of a prompt's last token predicts the first token of every response to it.
    cache = [(layer.keys, layer.values) for layer in encoded.past_key_values.layers]
    last = encoded.last_hidden_state[:, -1:]
    ids, mask = responses
    lengths = mask.sum(1)
    for chunk in torch.argsort(lengths, stable=True).split(rows):
        owner = inverse[chunk]
        longest = max(int(lengths[chunk].max()), 1)
        states = _run_responses(
            decoder, [(k[owner], v[owner]) for k, v in cache], last[owner],
            (prompt_mask[owner], shift[owner]), (ids[chunk, :longest], mask[chunk, :longest]),
        )  # fmt: skip
        yield chunk, states


def _run_responses(
    decoder: nn.Module,
    cache: list[tuple[Tensor, Tensor]],
    last: Tensor,
    prompts: tuple[Tensor, Tensor],
    responses: tuple[Tensor, Tensor],
) -> Tensor:
    """Hidden states that predict each response token, shape (rows, tokens, width).

    Of prompts, mask and shift: of what follows a prompt, position less number of tokens before.
    """
    (prompt_mask, shift), (ids, mask) = prompts, responses
    if ids.shape[1] == 1:
        return last
    # A response's last token predicts nothing, so it is not run: (rows, P + C - 1).
    whole_mask = torch.cat([prompt_mask, mask], dim=1)[:, :-1]
    states: Tensor = decoder(
        input_ids=ids[:, :-1],
        attention_mask=whole_mask,
        position_ids=_count_positions(whole_mask)[:, prompt_mask.shape[1] :] + shift[:, None],
        past_key_values=DynamicCache(cache),
        use_cache=True,
    ).last_hidden_state
    return torch.cat([last, states], dim=1)


def _find_prompt_positions(
    decoder: Any,  # noqa: ANN401
    ids: Tensor,
    mask: Tensor,
    images: Sequence[ImageInputs],
) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Positions of prompts, the shift of what follows each, and what their images add."""
    if not images:
        return (
            _count_positions(mask),
            torch.zeros(len(ids), dtype=torch.long, device=ids.device),
            {},
        )
    image_tensors = make_model_inputs(ids, images, decoder.config.image_token_id)
    positions, shift = find_rotary_positions(
        decoder, ids, {**image_tensors, "attention_mask": mask}
    )
    return positions, shift, image_tensors


def _count_positions(mask: Tensor) -> Tensor:
    """Position of each token, counted from the first that is not padding."""
    return (mask.cumsum(1) - 1).clamp(min=0)


def _widen(values: Tensor, width: int) -> Tensor:
    """Pad on the right with zeros."""
    return torch.nn.functional.pad(values, (0, width - values.shape[1]))
