"""`sft@ARM`: a start model and demonstrations become a fine-tuned model and a log."""

from passk.config import paths
from passk.core.files import write_text
from passk.core.schemas.demonstrations import DEMONSTRATIONS
from passk.models.optional_imports import skip_unused_imports
from passk.pipeline.stages.job import Job, StageError
from passk.training.finetuning_settings import FineTuning

with skip_unused_imports():
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from passk.models.arithmetic import make_reproducible
    from passk.training.demonstrations import Demonstration, check_context, encode_pairs
    from passk.training.finetuning import FineTuningRun, finetune
    from passk.training.pretraining import Sequences, format_log, pack


def run(job: Job) -> dict[str, float]:
    """Fine-tune an arm, going on where a killed run of the same inputs stopped."""
    settings = job.settings("sft", FineTuning)
    make_reproducible()
    name = settings.demonstrations
    table = DEMONSTRATIONS.read(paths.demonstrations(job.study, name))
    demonstrations = [Demonstration.of(row) for row in table.iter_rows(named=True)]
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

    def tokenise(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Sequences:
        pairs = encode_pairs(demonstrations, settings.template, tokenizer)
        check_context(demonstrations, pairs, model, arm=job.item, start=settings.start)
        sizes["tokens"] = float(sum(len(response) for _, response in pairs))
        return pack(pairs, padding=pairs[0][1][-1])

    rows = finetune(arm, tokenise, paths.model(job.study, job.item))
    write_text(paths.training_log(job.study, job.item), format_log(rows))
    recent = rows[-20:]
    return {
        "loss": sum(row["loss"] for row in recent) / len(recent),
        "demonstrations": float(len(demonstrations)),
        **sizes,
    }
