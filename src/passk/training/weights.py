"""In which precision a policy is kept and computed with, and its adapters.

Precision of an arm, `precision: bfloat16`:
    1. Without adapters all weights are kept in float32 (AdamW's updates are mostly smaller than
       what bfloat16 can tell apart, 3 digits) and computed with in bfloat16 (autocast).
    2. With adapters the frozen weights are kept in bfloat16 and the adapters in float32.
    3. Rollouts are drawn by a copy of the weights in bfloat16, made anew at each step.
    4. Saved are float32 weights in any case, adapters merged in float32.

Adapters are never merged into the policy itself and taken out again: that changes the frozen
weights by rounding, and so a resumed run's bytes.
"""

from typing import TYPE_CHECKING

from peft import LoraConfig

from passk.training.lora import Lora

if TYPE_CHECKING:  # fine-tuning, which has adapters too, does not depend on these
    from passk.training.settings import Training


def choose_loading_dtype(settings: "Training") -> str:
    """In which precision an arm's start model is loaded."""
    frozen = settings.lora is not None
    return "bfloat16" if frozen and settings.precision == "bfloat16" else "float32"


def configure_adapters(lora: Lora | None) -> LoraConfig | None:
    """The configuration, for peft, of an arm's adapters; None trains all weights.

    Hu et al. 2021 (arXiv 2106.09685): W + (alpha / rank) B A, where B begins at 0, so that
    training begins at the start model.
    """
    if lora is None:
        return None
    targets = lora.targets[0] if lora.targets == ["all-linear"] else list(lora.targets)
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=lora.rank,
        lora_alpha=lora.alpha,  # type: ignore[arg-type]  # a whole number is not needed
        lora_dropout=lora.dropout,
        target_modules=targets,
        bias="none",
        use_rslora=False,
        use_dora=False,
    )
