r"""Sampling speed beside `generate` of transformers: same checkpoint, problems, n and settings.

Two processes with one thread each, so that both cores are busy in both cases; each process draws
half of the problems. Start-up and a first small batch are not timed.

    python -m passk.core.processor benchmarks/sampling.py  # a tiny Qwen2 with random weights
    python -m passk.core.processor benchmarks/sampling.py --model models/miniature/base \
        --problems data/miniature/sets/indomain.parquet --n 256
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import polars as pl
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from passk.data.prompts import render
from passk.models.tiny import make_tiny_model, save_checkpoint
from passk.models.tokenizer import train_tokenizer
from passk.sampling.decoding import DecodingConfig
from passk.sampling.ends import as_ids, join_ends
from passk.sampling.steploop import Request, generate

QUESTIONS = [f"{f}({g}({n}))" for f in "fgh" for g in "hkm" for n in (48213, 907, 55, 3141, 27182)]


def random_checkpoint(folder: Path) -> None:
    tokenizer = train_tokenizer("qwen2", QUESTIONS, vocabulary=300, context=256)
    model = make_tiny_model(
        "qwen2", layers=3, width=96, heads=4, key_value_heads=2, feed_forward=256, context=256,
        rope_theta=10_000.0, tokenizer=tokenizer, init_std=0.02, seed=0,
    )  # fmt: skip
    # Uneven distributions, and an end of text now and then, as a trained model has.
    model.model.embed_tokens.weight.data.mul_(12.0)
    save_checkpoint(model, tokenizer, folder)


def prompts_of(arguments: argparse.Namespace) -> list[str]:
    if arguments.problems is None:
        return [f"{question}\n" for question in QUESTIONS]
    rows = pl.read_parquet(arguments.problems).to_dicts()[: arguments.most]
    return [render("plain", row) for row in rows]


def ours(
    model: PreTrainedModel, ids: list[list[int]], arguments: argparse.Namespace, ends: Sequence[int]
) -> list[int]:
    settings = DecodingConfig(0.6, 0.95, arguments.max_new_tokens, ends, arguments.rows)
    size = arguments.block
    asked = [
        Request(prompt, 1000 * i + b, range(b * size, (b + 1) * size))
        for i, prompt in enumerate(ids)
        for b in range(arguments.n // size)
    ]
    return [len(one.token_ids) for drawn in generate(model, asked, settings) for one in drawn]


def theirs(
    model: PreTrainedModel, ids: list[list[int]], arguments: argparse.Namespace, ends: Sequence[int]
) -> list[int]:
    rows = [prompt for prompt in ids for _ in range(arguments.n)]
    lengths = []
    for first in range(0, len(rows), arguments.batch):
        batch = rows[first : first + arguments.batch]
        longest = max(map(len, batch))
        padded = torch.tensor([[ends[0]] * (longest - len(row)) + row for row in batch])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in batch])
        out = model.generate(
            input_ids=padded, attention_mask=mask, do_sample=True, temperature=0.6, top_p=0.95,
            top_k=0, max_new_tokens=arguments.max_new_tokens, eos_token_id=list(ends),
            pad_token_id=ends[0],
        )[:, longest:]  # fmt: skip
        ended = torch.isin(out, torch.tensor(ends)).int()
        lengths += ((ended.cumsum(-1) - ended) == 0).sum(-1).tolist()
    return lengths


def work(
    name: str, part: int, arguments: argparse.Namespace, start: Barrier, results: Queue
) -> None:
    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype="float32").eval()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    ends = join_ends(as_ids(model.generation_config.eos_token_id), tokenizer)
    ids = [tokenizer.encode(prompt) for prompt in prompts_of(arguments)][
        part :: arguments.processes
    ]
    run = {"ours": ours, "generate": theirs}[name]
    few = argparse.Namespace(**{**vars(arguments), "n": arguments.block})
    run(model, ids[:2], few, ends)
    start.wait()
    began = time.perf_counter()
    lengths = run(model, ids, arguments, ends)
    results.put((len(lengths), sum(lengths), time.perf_counter() - began))


def measured(name: str, arguments: argparse.Namespace) -> float:
    spawn = multiprocessing.get_context("spawn")
    start, results = spawn.Barrier(arguments.processes), spawn.Queue()
    workers = [
        spawn.Process(target=work, args=(name, part, arguments, start, results))
        for part in range(arguments.processes)
    ]
    for worker in workers:
        worker.start()
    parts = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    samples, tokens = sum(p[0] for p in parts), sum(p[1] for p in parts)
    seconds = max(p[2] for p in parts)
    print(
        f"{name:9s} {samples / seconds:7.0f} samples/s  {tokens / seconds:8.0f} tokens/s  "
        f"({samples} samples, mean {tokens / samples:.1f} tokens, {seconds:.1f} s)",
        flush=True,
    )
    return samples / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="checkpoint; default: tiny, random weights")
    parser.add_argument("--problems", type=Path, help="a set's Parquet file")
    parser.add_argument("--most", type=int, default=48, help="problems at most")
    parser.add_argument("--n", type=int, default=128)
    parser.add_argument("--block", type=int, default=32)
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--batch", type=int, default=960, help="of generate")
    parser.add_argument("--max-new-tokens", type=int, default=64)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.model is None:
            arguments.model = Path(folder)
            random_checkpoint(arguments.model)
        for _ in range(arguments.repeats):
            own, other = measured("ours", arguments), measured("generate", arguments)
            print(f"ratio     {own / other:.2f}", flush=True)


if __name__ == "__main__":
    main()
