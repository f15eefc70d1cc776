"""Does the step loop compute a model? Tried when it is loaded, against one whole forward pass.

Two slots hold the beginnings of one text, of different lengths, and are led on token by token as
samples are. Whatever a model does otherwise than the step loop assumes shows in the
log-probabilities. A tenth of a second for a small model; no random number is drawn.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from passk.models.arithmetic import route_products
from passk.sampling.architectures import REMEDY, find_objection, longest_sequence
from passk.sampling.forward import make_decoder
from passk.sampling.steploop import inference

# Largest difference of a log-probability, nats: that of a model which is computed rightly is a
# hundredth of the first (float32: 1e-5), and by rounding of logits half of the others.
_TOLERANCE = {torch.float32: 1e-3, torch.float16: 0.03, torch.bfloat16: 0.25}
_TOKENS, _STEPS = 48, 8
_LIKELIEST = 5  # tokens compared at each position
_TEXT = "Two trains leave at 10:45 and 11:30; the second is 12.5 km/h faster. Where do they meet?\n"


class ArchitectureError(ValueError):
    """A model is none that the step loop computes; the message names the remedy."""


def check_model(model: Any, tokenizer: Any, context: int | None, name: str) -> None:  # noqa: ANN401
    """Refuse a model that the step loop would sample wrongly.

    Args:
        model: a causal language model.
        tokenizer: of the model.
        context: longest sequence that will be asked for; None: the model's own.
        name: of the model, for the message.

    Raises:
        ArchitectureError: by its configuration, or by what was measured.
    """
    config = model.config.to_dict()
    if objection := find_objection(config, context):
        raise ArchitectureError(f"{name} ({type(model).__name__}): {objection}")
    longest = min(_TOKENS, context or _TOKENS, longest_sequence(config) or _TOKENS)
    ids: list[int] = tokenizer.encode(_TEXT, add_special_tokens=False)
    ids = (ids * (longest // len(ids) + 1))[:longest]
    if len(ids) <= 2 * _STEPS:
        return  # a context of a few tokens holds no text to compare
    try:
        difference = measure_difference(model, ids)
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        raise ArchitectureError(
            f"{name} ({type(model).__name__}): the step loop cannot run this architecture "
            f"({type(error).__name__}: {str(error).splitlines()[0][:200]}); {REMEDY}"
        ) from error
    tolerance = _TOLERANCE[next(model.parameters()).dtype]
    if not difference <= tolerance:
        raise ArchitectureError(
            f"{name} ({type(model).__name__}): the step loop does not compute this architecture: "
            f"its log-probabilities are up to {difference:.2g} nats off those of one forward pass "
            f"(legal: {tolerance:g}); {REMEDY}"
        )


def measure_difference(model: Any, ids: Sequence[int], steps: int = _STEPS) -> float:  # noqa: ANN401
    """Largest difference, nats, between log-probabilities of the step loop and of one pass.

    Args:
        model: a causal language model.
        ids: a text; its last tokens are fed one by one.
        steps: how many.
    """
    route_products()
    training = model.training
    model.eval()
    try:
        with inference(model, exact=True):
            return _measure(model, list(ids), steps)
    finally:
        model.train(training)


def _measure(model: Any, ids: list[int], steps: int) -> float:  # noqa: ANN401
    device = next(model.parameters()).device
    whole = model(input_ids=torch.tensor([ids], device=device), use_cache=False).logits[0]
    starts = torch.tensor([len(ids) - steps, len(ids) // 2], device=device)
    decoder = make_decoder(model, len(starts), len(ids))
    worst = 0.0
    for slot, start in enumerate(starts.tolist()):
        prefix, logits = decoder.prefill(ids[:start])
        decoder.admit(torch.tensor([slot], device=device), prefix)
        worst = max(worst, _compare(logits, whole[start - 1 : start]))
    text = torch.tensor(ids, device=device)
    for step in range(steps):
        positions = starts + step
        logits = decoder.step(text[positions], positions)
        worst = max(worst, _compare(logits, whole[positions]))
    return worst


def _compare(found: Tensor, expected: Tensor) -> float:
    """Largest difference at the tokens that are likeliest by what is expected; NaN is infinite."""
    logprobs = expected.float().log_softmax(-1)
    best = logprobs.topk(min(_LIKELIEST, logprobs.shape[-1]), dim=-1)
    differences = found.float().log_softmax(-1).gather(-1, best.indices) - best.values
    worst = float(differences.abs().max())
    return math.inf if math.isnan(worst) else worst
