"""`pretrain@MODEL`: a generated corpus becomes a small model with its tokenizer, and a log."""

import io
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image
from tqdm import tqdm

from passk.config import paths
from passk.core.digests import seed
from passk.core.files import json_lines, replacing_folder, write_text
from passk.data.prompts import ChatTokenizer, render
from passk.domains.world import Mixture
from passk.domains.worlds import WORLDS
from passk.models.optional_imports import skip_unused_imports
from passk.pipeline.stages.job import Job
from passk.training.pretraining_settings import Corpus, Pretraining

with skip_unused_imports():
    from transformers.tokenization_utils_tokenizers import TokenizersBackend

    from passk.models.arithmetic import make_reproducible
    from passk.models.image_inputs import ImageEncoder, load_image_processor
    from passk.models.tiny import make_tiny_model, save_checkpoint
    from passk.models.tokenizer import IMAGE, make_chat_renderer, train_tokenizer
    from passk.training.pretraining import (
        LossRow,
        Schedule,
        Sequences,
        format_log,
        pack,
        pretrain,
    )


class CorpusText(NamedTuple):
    """A document as a model meets it; the image is PNG, or None."""

    prompt: str
    response: str
    image: bytes | None


def run(job: Job) -> dict[str, float]:
    """Pretrain a model, going on where a killed run of the same inputs stopped."""
    settings = job.settings("pretrain", Pretraining)
    make_reproducible()
    identity = (job.seed, job.item, settings.train_seed)
    chat = make_chat_renderer(settings.architecture.family) if settings.tokenizer.chat else None
    texts = list(generate_documents(settings.corpus, identity, chat))
    # The tokenizer knows every word of the world, also those that the corpus withholds.
    whole_world = settings.corpus.model_copy(
        update={"withheld": [], "documents": settings.tokenizer.documents}
    )
    vocabulary_texts = generate_documents(whole_world, identity, chat)
    tokenizer = train_tokenizer(
        settings.architecture.family,
        (text.prompt + text.response for text in vocabulary_texts),
        settings.tokenizer.vocabulary,
        settings.architecture.context,
        chat=settings.tokenizer.chat,
    )
    vision = settings.architecture.vision
    model = make_tiny_model(
        **settings.architecture.model_dump(exclude={"vision"}),
        tokenizer=tokenizer,
        seed=seed("weights", *identity),
        vision=None if vision is None else vision.model_dump(exclude={"max_pixels"}),
    )
    encoder = None
    if vision is not None:
        image_id = tokenizer.get_vocab()[IMAGE]
        encoder = ImageEncoder(load_image_processor(vision.max_pixels), image_id)
    data = _tokenise(texts, tokenizer, settings.architecture.context, encoder)
    folder = paths.RESUME / job.inputs
    live = paths.LIVE / f"pretrain@{job.item}.jsonl"
    live.parent.mkdir(parents=True, exist_ok=True)
    with (
        live.open("w", buffering=1) as stream,
        tqdm(
            total=settings.steps, desc=f"pretrain {job.item}", unit="step", mininterval=0.5
        ) as bar,
    ):

        def on_step(row: LossRow) -> None:
            stream.write(json_lines([row]))
            bar.update()
            bar.set_postfix(loss=f"{row['loss']:.3f}", refresh=False)

        rows = pretrain(
            model, data, _make_schedule(settings), seed=seed("order", *identity), folder=folder,
            resume_every=settings.resume_every, on_step=on_step, encoder=encoder,
        )  # fmt: skip
    target = paths.model(job.study, job.item)
    with replacing_folder(target) as temporary:
        save_checkpoint(model, tokenizer, temporary, encoder and encoder.processor)
    write_text(paths.training_log(job.study, job.item), format_log(rows))
    recent = rows[-50:]
    return {
        "loss": sum(row["loss"] for row in recent) / len(recent),
        "parameters": float(model.num_parameters()),
        "tokens": float((data.labels >= 0).sum()),
    }


def generate_documents(
    corpus: Corpus, identity: tuple[int | str, ...], chat: ChatTokenizer | None = None
) -> Iterator[CorpusText]:
    """Each document of a corpus; `chat` renders chat templates."""
    mixture = Mixture(
        families=corpus.families,
        levels={level: weight for level, weight in enumerate(corpus.levels, 1) if weight > 0},
        skew=corpus.skew,
        noise=corpus.noise,
        habit=corpus.habit,
        withheld=frozenset(corpus.withheld),
    )
    source = WORLDS[corpus.world]
    numbers = range(corpus.documents)
    for number in tqdm(numbers, desc="corpus", unit="document", delay=3):
        document = source.document(mixture, (*identity, number))
        question_columns = {"question": document.question, "starter_code": document.starter_code}
        prompt = render(corpus.template, question_columns, chat)
        image = None if document.image is None else _encode_png(document.image)
        yield CorpusText(prompt, document.response, image)


def _encode_png(image: Image.Image) -> bytes:
    """An image of the corpus as it waits in memory: small, and read fast."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _tokenise(
    texts: list[CorpusText],
    tokenizer: TokenizersBackend,
    context: int,
    encoder: ImageEncoder | None,
) -> Sequences:
    """Prompts and responses as token ids; raises ValueError where the context is too short."""
    prompts: list[list[int]] = tokenizer([text.prompt for text in texts])["input_ids"]
    responses: list[list[int]] = tokenizer([text.response for text in texts])["input_ids"]
    images = [text.image for text in texts if text.image is not None]
    if encoder is not None:
        tokens = encoder.encode(images[0]).tokens  # a world draws all its images alike large
        prompts = [encoder.expand(ids, tokens) for ids in prompts]
    end = tokenizer.eos_token_id
    pairs = [(p, [*r, end]) for p, r in zip(prompts, responses, strict=True)]
    data = pack(pairs, end, images or None)
    if (longest := int(data.lengths.max())) > context:
        raise ValueError(f"architecture.context = {context}: a document has {longest} tokens")
    return data


def _make_schedule(settings: Pretraining) -> Schedule:
    return Schedule(
        steps=settings.steps,
        batch=settings.batch,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup_steps,
        final_rate=settings.final_rate,
        weight_decay=settings.weight_decay,
        betas=(settings.adam_beta1, settings.adam_beta2),
        eps=settings.adam_eps,
        max_grad_norm=settings.max_grad_norm,
    )
