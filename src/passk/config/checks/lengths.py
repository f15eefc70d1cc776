"""Responses must fit into the context of the model that writes them."""

from collections.abc import Iterator

from passk.config.checks.names import arm_of
from passk.config.schema import Study
from passk.training.finetuning_settings import FineTuning
from passk.training.settings import Training


def find_faults(study: Study) -> Iterator[str]:
    """More new tokens than a model that is trained here can hold; prompts are not known yet."""
    for name, arm in study.train.items():
        yield from _compare(study, f"train.{name}", arm.start, arm.max_new_tokens)
    for name, draw in study.draws.items():
        if draw.max_new_tokens is not None:
            yield from _compare(study, f"draws.{name}", draw.model, draw.max_new_tokens)


def find_origin(study: Study, model: str) -> str:
    """The model that others were trained from, through `train` and `sft`, to a model's first.

    Example: `pretrain.base` for `grpo/step-90` that starts from a model fine-tuned from it.
    """
    name, passed = arm_of(model), set()
    arms: dict[str, Training | FineTuning] = {**study.train, **study.sft}
    while name in arms and name not in passed:
        passed.add(name)
        name = arm_of(arms[name].start)
    return name


def _compare(study: Study, key: str, model: str, new_tokens: int) -> Iterator[str]:
    origin = find_origin(study, model)
    if origin not in study.pretrain:
        return
    context = study.pretrain[origin].architecture.context
    if new_tokens >= context:
        yield (
            f"{key}.max_new_tokens = {new_tokens}: pretrain.{origin}.architecture.context = "
            f"{context} holds prompt and response; legal: below {context}, less the prompt, or a "
            "longer context"
        )
