"""A tiny checkpoint as strangers publish them: sharded, bfloat16, among files of other kinds."""

from pathlib import Path

import torch
from transformers import AutoTokenizer

import toy_policy as toy
from passk.training import checkpoints


def make(folder: Path, kind: str = "llama", *, tied: bool = False, padding: bool = False) -> Path:
    """Write the checkpoint: several shards, no padding token unless asked for."""
    model, _ = checkpoints.load(toy.make_start(folder, kind))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    if not tied:
        model.config.tie_word_embeddings = False
        torch.manual_seed(1)
        model.lm_head.weight = torch.nn.Parameter(
            torch.randn_like(model.lm_head.weight) * model.config.initializer_range
        )
        model.all_tied_weights_keys = {}
    model.to(torch.bfloat16).save_pretrained(folder, max_shard_size="20KB")
    if not padding:
        tokenizer.pad_token = None
        tokenizer.save_pretrained(folder)
    (folder / "README.md").write_text("# A model\n")
    (folder / "training_args.bin").write_bytes(b"pickled")
    (folder / "original").mkdir()
    (folder / "original" / "model.safetensors").write_bytes(b"another format")
    return folder
