"""A tiny Qwen2.5-VL that takes small images, for tests of sampling and training."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image

from passk.core import images as normal_form
from passk.core.images import StoredImage
from passk.data.prompts import encode, render
from passk.models.image_inputs import ImageEncoder, load_image_processor
from passk.models.tiny import make_tiny_model, save_checkpoint
from passk.models.tokenizer import train_tokenizer
from passk.training.tasks import Task

QUESTIONS = ["How many?", "Which side is longer, a or b?", "Sum of all numbers?", "Area?"]
SIZES = [(112, 112), (56, 84), (140, 56), (112, 112)]  # 16, 6, 10 and 16 tokens
_MOST_PIXELS = 112 * 112


def make_images() -> list[StoredImage]:
    """Pictures that differ in size or in what they show."""
    made = []
    for number, size in enumerate(SIZES):
        image = Image.new("RGB", size, (40 * number, 200 - 40 * number, 90))
        image.paste((250, 20 * number, 10), (10, 10 + 5 * number, 40, 50))
        made.append(normal_form.encode(image))
    return made


def save(folder: Path, *, uneven: float = 6.0, context: int = 192) -> Path:
    """Write the checkpoint; its random weights give uneven distributions."""
    tokenizer = train_tokenizer("qwen2_5_vl", QUESTIONS, 300, context, chat=True)
    model: Any = make_tiny_model(
        "qwen2_5_vl", layers=2, width=64, heads=2, key_value_heads=1, feed_forward=96,
        context=context, rope_theta=1000.0, init_std=0.02, tokenizer=tokenizer, seed=0,
        vision={"depth": 2, "width": 64, "heads": 2, "feed_forward": 96},
    )  # fmt: skip
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" not in name and "ln_q" not in name:
                weight.mul_(uneven)
    save_checkpoint(model, tokenizer, folder, load_image_processor(_MOST_PIXELS))
    return folder


def tasks(folder: Path) -> Any:
    """What gives a trainer its tasks: each image with a question, and one with two."""
    encoder: Any = ImageEncoder.of(folder)

    def make_tasks(tokenizer: Any) -> list[Task]:
        images = make_images()
        pairs = [*zip(QUESTIONS, images, strict=True), (QUESTIONS[0], images[3])]
        image_tasks = []
        for number, (question, image) in enumerate(pairs):
            ids = encode("image", render("image", {"question": question}, tokenizer), tokenizer)
            image_inputs = encoder.encode(image.png)
            image_tasks.append(
                Task(
                    f"p{number}",
                    tuple(encoder.expand(ids, image_inputs.tokens)),
                    "",
                    image=image_inputs,
                )
            )
        return image_tasks

    return make_tasks
