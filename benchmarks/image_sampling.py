r"""Sampling about images beside `generate` of transformers: same checkpoint, problems, settings.

One process with one thread each, one after the other, alternating; start-up and a first small batch
are not timed. `generate` runs the vision tower once for each row of a batch, as it has to; the step
loop once for each problem.

    python -m passk.core.processor benchmarks/image_sampling.py --model models/miniature/vlm \
        --problems data/miniature/sets/visual-vista.parquet --n 32
"""

import argparse
import statistics
import time
from pathlib import Path

import polars as pl
import torch
from transformers import AutoTokenizer

from passk.data.prompts import encode, render
from passk.models.image_inputs import ImageEncoder, ImageInputs, make_model_inputs
from passk.models.loading import load
from passk.sampling.decoding import DecodingConfig
from passk.sampling.ends import as_ids, join_ends
from passk.sampling.steploop import Request, generate

ImagePrompts = list[tuple[list[int], ImageInputs]]


def read_prompts(arguments: argparse.Namespace) -> ImagePrompts:
    """Prompts with their images."""
    tokenizer, encoder = (
        AutoTokenizer.from_pretrained(arguments.model),
        ImageEncoder.of(arguments.model),
    )
    assert encoder is not None, f"{arguments.model} takes no images"
    prompts = []
    for problem in pl.read_parquet(arguments.problems).to_dicts()[: arguments.most]:
        image_inputs = encoder.encode(problem["image_bytes"])
        ids = encode("image", render("image", problem, tokenizer), tokenizer)
        prompts.append((encoder.expand(ids, image_inputs.tokens), image_inputs))
    return prompts


def run_step_loop(
    model: torch.nn.Module, rows: ImagePrompts, settings: DecodingConfig, n: int
) -> int:
    requests = [
        Request(ids, position, range(n), image_inputs)
        for position, (ids, image_inputs) in enumerate(rows)
    ]
    return sum(len(drawn) for drawn in generate(model, requests, settings))


def run_generate(
    model: torch.nn.Module, rows: ImagePrompts, settings: DecodingConfig, n: int, batch: int
) -> int:
    repeated = [row for row in rows for _ in range(n)]
    ends = settings.eos_ids
    for start in range(0, len(repeated), batch):
        part = repeated[start : start + batch]
        longest = max(len(ids) for ids, _ in part)
        ids = torch.tensor([[ends[0]] * (longest - len(row)) + row for row, _ in part])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row, _ in part])
        image_tensors = make_model_inputs(
            ids, [image_inputs for _, image_inputs in part], model.config.image_token_id
        )
        model.generate(
            input_ids=ids, attention_mask=mask, **image_tensors, do_sample=True, top_k=0,
            temperature=settings.temperature, top_p=settings.top_p, pad_token_id=ends[0],
            max_new_tokens=settings.max_new_tokens, eos_token_id=list(ends),
        )  # fmt: skip
    return len(repeated)


def main() -> None:
    """Time both in turn and print samples a second, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=Path("models/miniature/vlm"))
    parser.add_argument(
        "--problems", type=Path, default=Path("data/miniature/sets/visual-vista.parquet")
    )
    parser.add_argument("--most", type=int, default=24, help="problems")
    parser.add_argument("--n", type=int, default=32, help="samples of each")
    parser.add_argument("--batch", type=int, default=128, help="rows of `generate` at once")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = load(arguments.model, "float32").eval()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    ends = join_ends(as_ids(model.generation_config.eos_token_id), tokenizer)
    rows = read_prompts(arguments)
    settings = DecodingConfig(0.6, 0.95, 64, ends, 128)
    takes: dict[str, list[float]] = {"passk": [], "generate": []}
    with torch.inference_mode():
        for each in range(arguments.rounds + 1):
            part, n = (rows, arguments.n) if each else (rows[:2], 2)
            for name, run in (
                ("passk", lambda p=part, k=n: run_step_loop(model, p, settings, k)),
                (
                    "generate",
                    lambda p=part, k=n: run_generate(model, p, settings, k, arguments.batch),
                ),
            ):
                begun = time.perf_counter()
                done = run()
                if each:
                    takes[name].append(done / (time.perf_counter() - begun))
    rates = {name: statistics.median(prompts) for name, prompts in takes.items()}
    for name, rate in rates.items():
        print(f"{name:9} {rate:8.0f} samples/s   {[round(one) for one in takes[name]]}")
    print(f"ratio     {rates['passk'] / rates['generate']:8.1f}")


if __name__ == "__main__":
    main()
