"""Tiny random models of published architectures, for tests of who computes which."""

import torch
from transformers import AutoConfig, AutoModelForCausalLM

VOCABULARY = 120
_USUAL = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 48,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
    "max_position_embeddings": 128, "eos_token_id": 0, "pad_token_id": 0, "bos_token_id": 0,
}  # fmt: skip
_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
_WINDOW = {"sliding_window": 16}

# Name of the architecture, with what the tiny one has otherwise; by what a user would call it.
SHAPES = {
    "Qwen2": ("qwen2", {}),
    "Qwen2, window": (
        "qwen2", {**_WINDOW, "use_sliding_window": True, "max_window_layers": 0},
    ),
    "Llama": ("llama", {}),
    "Qwen3": ("qwen3", {}),
    "GPT-2": ("gpt2", {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}),
    "GPT-NeoX": ("gpt_neox", {}),
    "Mixtral": ("mixtral", {"num_local_experts": 4, "sliding_window": None}),
    "Qwen3-MoE": ("qwen3_moe", _EXPERTS),
    "Mistral": ("mistral", {"sliding_window": None}),
    "Mistral, window": ("mistral", _WINDOW),
    "Gemma 2": ("gemma2", _WINDOW),
    "Gemma 3": ("gemma3_text", _WINDOW),
    "Phi-3": ("phi3", {"sliding_window": None}),
    "Phi-3, window": ("phi3", _WINDOW),
    "Olmo 3": ("olmo3", _WINDOW),
    "gpt-oss": ("gpt_oss", {**_WINDOW, "num_local_experts": 4}),
    "Llama 4": ("llama4_text", {"attention_chunk_size": 16, "num_local_experts": 4,
                                "intermediate_size_mlp": 48}),
    "DeepSeek-V3": ("deepseek_v3", {
        "kv_lora_rank": 16, "q_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8,
        "v_head_dim": 8, "n_routed_experts": 4, "n_group": 1, "topk_group": 1,
        "num_experts_per_tok": 2, "first_k_dense_replace": 1, "moe_intermediate_size": 16,
        "num_key_value_heads": 4,
    }),
    "Mamba": ("mamba", {"state_size": 8}),
    "Qwen3-Next": ("qwen3_next", {
        **_EXPERTS, "shared_expert_intermediate_size": 16, "linear_num_value_heads": 4,
        "linear_num_key_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
        "layer_types": ["linear_attention", "full_attention"],
    }),
}  # fmt: skip


def make(name):
    """A tiny model with uneven distributions."""
    kind, changes = SHAPES[name]
    config = AutoConfig.for_model(kind, **{**_USUAL, **changes})
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(3.0)
    return model
