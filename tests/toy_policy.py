"""A start model that trains in milliseconds, and a reward that it can learn."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import pre_tokenizers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2Tokenizer,
)

from passk.sampling.rollouts import RolloutSampler
from passk.training.reward import Rewards
from passk.training.rollouts import make_sampler
from passk.training.settings import Training
from passk.training.tasks import Task

SETTINGS: dict[str, Any] = {
    "algorithm": {"name": "grpo", "scale": "group", "eps": 1e-4},
    "reward": "correctness", "curriculum": "uniform",
    "engine": "step_loop", "engine_options": None, "lora": None, "processes": 1,
    "start": "toy", "set": "toy", "template": "plain", "train_seed": 0,
    "steps": 6, "prompts": 4, "rollouts": 8, "temperature": 1.0, "top_p": 1.0,
    "max_new_tokens": 6, "learning_rate": 1e-2, "schedule": "constant", "warmup_updates": 0,
    "weight_decay": 0.0, "adam_beta1": 0.9, "adam_beta2": 0.999, "adam_eps": 1e-8,
    "max_grad_norm": 1.0, "loss_type": "grpo", "epsilon": 0.2, "epsilon_high": 0.2,
    "importance_sampling": "token", "num_iterations": 1, "minibatches": 1, "beta": 0.0,
    "entropy_coef": 0.0, "mask_truncated": False, "isolation": "bubblewrap",
    "gradient_accumulation": 1, "gradient_checkpointing": False, "precision": "float32",
    "share_prompts": True,
    "forward_rows": 16, "skip_zero_advantage": True, "kl_every": 0, "checkpoints": [3, 6],
    "resume_every": 2, "warn_without_signal": 3,
}  # fmt: skip


def settings(**changes: Any) -> Training:
    """The toy's parameters with some changed."""
    return Training(**{**SETTINGS, **changes})


def sampler(
    name: str,
    tokenizer: Any,
    settings: Training,
    *,
    identity: tuple[int | str, ...] = (1,),
    start: Path = Path("unused"),
    length: int = 64,
) -> RolloutSampler:
    """An engine's own sampler, by the policy as it is."""
    plain = {"engine": name, "precision": "float32", "lora": None}
    return make_sampler(settings.model_copy(update=plain), tokenizer, identity, start, length)


def make_start(
    folder: Path,
    kind: str = "qwen2",
    *,
    layers: int = 2,
    width: int = 32,
    feed_forward: int = 64,
    context: int = 64,
) -> Path:
    """A random decoder over bytes, with a tokenizer of Qwen2's own class."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<|endoftext|>": 0, **{letter: i + 1 for i, letter in enumerate(letters)}}
    end = "<|endoftext|>"
    Qwen2Tokenizer(
        vocab=vocabulary, merges=[], unk_token=end, eos_token=end, pad_token=end
    ).save_pretrained(folder)
    torch.manual_seed(0)
    configs = {"qwen2": (Qwen2Config, Qwen2ForCausalLM), "llama": (LlamaConfig, LlamaForCausalLM)}
    config, network = configs[kind]
    shape = config(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=feed_forward,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        eos_token_id=0,
        pad_token_id=0,
        bos_token_id=None,
        tie_word_embeddings=True,
    )
    network(shape).save_pretrained(folder)
    return folder


def tasks(tokenizer: Any) -> list[Task]:
    """Prompts of unequal lengths; the answer is never read."""
    prompts = ["1+1=", "12+3=", "7=", "100+20=", "5+6="]
    return [Task(p, tuple(tokenizer(p)["input_ids"]), "") for p in prompts]


def printable_start(answers: Any, texts: Any, cut: Any) -> Rewards:
    """A bandit with a learnable arm: 1 if the response's first sign is printable ASCII."""
    first = [text[:1] for text in texts]
    return Rewards([float(bool(f) and f.isascii() and f.isprintable()) for f in first], 0)
