"""A tiny checkpoint with its tokenizer, and a study around it, for tests of sampling."""

import polars as pl
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from passk.config import paths
from passk.core.ids import problem_id
from passk.core.schemas.problems import PROBLEMS
from passk.models.tokenizer import train_tokenizer
from passk.pipeline.stages.job import Job

QUESTIONS = [f"{f}({n})" for n in (12, 907, 31, 5) for f in "fgh"]


def uneven_qwen2(vocabulary=300, **changes):
    """A Qwen2 whose random weights give uneven distributions."""
    torch.manual_seed(0)
    shape = {
        "vocab_size": vocabulary, "hidden_size": 32, "num_hidden_layers": 2,
        "intermediate_size": 48, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 64, "eos_token_id": 0, "pad_token_id": 0,
        "bos_token_id": None,
    }  # fmt: skip
    model = Qwen2ForCausalLM(Qwen2Config(**{**shape, **changes})).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" not in name:
                weight.mul_(8.0)
    return model


def save(folder):
    """Write the checkpoint."""
    tokenizer = train_tokenizer("qwen2", QUESTIONS, vocabulary=300, context=64)
    model = uneven_qwen2(len(tokenizer))
    model.generation_config.eos_token_id = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def write_set(name, questions, study="toy", **changes):
    """A problem set under the current folder."""
    rows = [
        dict.fromkeys(PROBLEMS.columns)
        | {
            "problem_id": problem_id("math", question), "domain": "math", "set": name,
            "index": index, "question": question, "answer": "1", "answer_type": "integer",
            "source": "toy",
        }
        | changes
        for index, question in enumerate(questions)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=dict(PROBLEMS.columns))
    PROBLEMS.write(frame, paths.problem_set(study, name))


def job(n=20, sampling=(), item="base", **draw):
    """A sampling job of the study."""
    entry = {
        "model": "base", "sets": ["one", "two"], "n": n, "temperature": 0.8, "top_p": 0.95,
        "max_new_tokens": 16, "template": "plain", "engine": "step_loop", "replicate": 0,
        "keep_token_logprobs": False,
    } | draw  # fmt: skip
    params = {
        "study": "toy",
        "seed": 7,
        "sampling": {"block": 8, "rows": 16, "dtype": "float32"} | dict(sampling),
        "draws": {item: entry},
    }
    return Job("sample", item, params, "inputs")
