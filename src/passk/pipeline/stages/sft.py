"""`sft@ARM`: a start model and demonstrations become a fine-tuned model and a log."""

from collections.abc import Mapping, Sequence
from typing import Any

from passk.config import paths
from passk.core.files import write_text
from passk.core.schemas.demonstrations import DEMONSTRATIONS
from passk.data.prompts import encode, render
from passk.models.optional_imports import skip_unused_imports
from passk.pipeline.stages.job import Job, StageError
from passk.training.finetuning_settings import FineTuning

with skip_unused_imports():
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from passk.models.arithmetic import make_reproducible
    from passk.training.finetuning import FineTuningRun, finetune
    from passk.training.pretraining import Sequences, format_log, pack

Demonstration = Mapping[str, Any]


def run(job: Job) -> dict[str, float]:
    """Fine-tune an arm, going on where a killed run of the same inputs stopped."""
    settings = job.settings("sft", FineTuning)
    make_reproducible()
    name = settings.demonstrations
    demonstrations = DEMONSTRATIONS.read(paths.demonstrations(job.study, name)).to_dicts()
    if len(demonstrations) < settings.batch:
        raise StageError(
            f"sft.{job.item}.batch = {settings.batch}: {name!r} holds {len(demonstrations)} "
            "demonstrations; lower the batch, or make more of them"
        )
    arm = FineTuningRun(
        name=job.item,
        settings=settings,
        study_seed=job.seed,
        start=paths.model(job.study, settings.start),
        folder=paths.RESUME / job.inputs,
        live=paths.LIVE / f"sft@{job.item}.jsonl",
    )
    sizes: dict[str, float] = {}

    def sequences(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Sequences:
        pairs = encode_pairs(demonstrations, settings.template, tokenizer)
        check_context(job.item, settings, demonstrations, pairs, model)
        sizes["tokens"] = float(sum(len(response) for _, response in pairs))
        return pack(pairs, padding=pairs[0][1][-1])

    rows = finetune(arm, sequences, paths.model(job.study, job.item))
    write_text(paths.training_log(job.study, job.item), format_log(rows))
    last = rows[-20:]
    return {
        "loss": sum(row["loss"] for row in last) / len(last),
        "demonstrations": float(len(demonstrations)),
        **sizes,
    }


def encode_pairs(
    demonstrations: Sequence[Demonstration], template: str, tokenizer: PreTrainedTokenizerBase
) -> list[tuple[list[int], list[int]]]:
    """Token ids of each prompt, as sampling has them, and of each response with its end token."""
    end = tokenizer.eos_token_id
    prompts = [
        list(encode(template, render(template, demonstration, tokenizer), tokenizer))
        for demonstration in demonstrations
    ]
    # A response stands in the middle of a text: nothing is put before it.
    responses = tokenizer(
        [demonstration["response"] for demonstration in demonstrations], add_special_tokens=False
    )
    return [(p, [*r, end]) for p, r in zip(prompts, responses["input_ids"], strict=True)]


def check_context(
    arm: str,
    settings: FineTuning,
    demonstrations: Sequence[Demonstration],
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    model: PreTrainedModel,
) -> None:
    """Raise StageError where a demonstration is longer than the model's context."""
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    for demonstration, (prompt, response) in zip(demonstrations, pairs, strict=True):
        if context is not None and (length := len(prompt) + len(response)) > context:
            raise StageError(
                f"sft.{arm}: problem {demonstration['problem_id']} of set "
                f"{demonstration['set']!r} makes {length} tokens, more than the context of "
                f"{settings.start!r}, {context}; drop it with a filter of its set, sample "
                "shorter responses (draws.*.max_new_tokens), or start from a model with a longer "
                "context"
            )
