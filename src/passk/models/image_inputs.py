"""An image as a model sees it: patches of pixels, and as many placeholders as it has tokens.

The checkpoint's own image processor (`preprocessor_config.json`) says how: Qwen2.5-VL shrinks an
image to at most so many pixels, cuts it into patches of 14 x 14, and makes a token of 2 x 2.
It runs on Pillow; torchvision is never imported.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from passk.core.files import read_json
from passk.core.images import decode

PROCESSOR = "preprocessor_config.json"
_LEAST_PIXELS = 28 * 28  # one token: 2 x 2 patches of 14 x 14 pixels


def load_image_processor(of: int | Path) -> Any:  # noqa: ANN401
    """Qwen2.5-VL's own image processor, by Pillow: no torchvision is imported.

    Args:
        of: the most pixels that an image keeps, or the checkpoint whose processor it is.
    """
    module = "transformers.models.qwen2_vl.image_processing_pil_qwen2_vl"
    processor = import_module(module).Qwen2VLImageProcessorPil
    if isinstance(of, Path):
        return processor.from_pretrained(of, local_files_only=True)
    return processor(min_pixels=_LEAST_PIXELS, max_pixels=of)


class VisionError(ValueError):
    """A prompt and an image do not fit, or a model takes none; the message says which."""


@dataclass(frozen=True, eq=False)
class ImageInputs:
    """An image that is ready for a model.

    Attributes:
        pixels: float32, (patches, values of a patch).
        grid: patches in time (1), height and width.
        tokens: placeholders that it takes.
        png: the image itself, for engines that prepare images by themselves.
    """

    pixels: Tensor
    grid: tuple[int, int, int]
    tokens: int
    png: bytes


class ImageEncoder:
    """What turns images into a model's inputs.

    Args:
        processor: the model's image processor.
        image_id: the token that stands for an image.
    """

    def __init__(self, processor: Any, image_id: int) -> None:  # noqa: ANN401
        self.processor, self.image_id = processor, image_id

    @staticmethod
    def of(folder: Path) -> "ImageEncoder | None":
        """The encoder of a checkpoint; None where its model takes no images."""
        image_id = read_json(folder / "config.json").get("image_token_id")
        if image_id is None or not (folder / PROCESSOR).exists():
            return None
        return ImageEncoder(load_image_processor(folder), int(image_id))

    def encode(self, png: bytes) -> ImageInputs:
        """An image in normal form as the model's input."""
        prepared = self.processor(images=[decode(png)], return_tensors="pt")
        time, height, width = (int(n) for n in prepared["image_grid_thw"][0])
        tokens = time * height * width // self.processor.merge_size**2
        return ImageInputs(prepared["pixel_values"], (time, height, width), tokens, png)

    def encode_all(self, pngs: Sequence[bytes]) -> dict[str, Tensor]:
        """Images as `pixel_values` and `image_grid_thw`, one behind the other."""
        prepared = self.processor(images=[decode(png) for png in pngs], return_tensors="pt")
        return {name: prepared[name] for name in ("pixel_values", "image_grid_thw")}

    def expand(self, ids: Sequence[int], tokens: int) -> list[int]:
        """A prompt's ids with its one placeholder repeated for each token of its image.

        Raises:
            VisionError: there is no placeholder, or more than one.
        """
        positions = [position for position, token in enumerate(ids) if token == self.image_id]
        if len(positions) != 1:
            raise VisionError(
                f"the prompt has {len(positions)} placeholders for one image; a template with "
                "`image: true` writes one, and a question must write none"
            )
        (position,) = positions
        return [*ids[:position], *[self.image_id] * tokens, *ids[position + 1 :]]


def make_model_inputs(
    ids: Tensor, images: Sequence[ImageInputs], image_id: int, prompt: int | None = None
) -> dict[str, Tensor]:
    """What a Qwen2.5-VL's forward pass takes besides the ids of prompts that hold images.

    Args:
        ids: token ids, (rows, tokens), placeholders expanded.
        images: of the rows, in order.
        image_id: the placeholder.
        prompt: how many tokens of each row, from the first, are prompt; None: all.
    """
    kinds = (ids == image_id).int()
    if prompt is not None:
        kinds[:, prompt:] = 0
    return {
        "pixel_values": torch.cat([image.pixels for image in images]).to(ids.device),
        "image_grid_thw": torch.tensor([image.grid for image in images], device=ids.device),
        "mm_token_type_ids": kinds,
    }


@contextmanager
def hide_response_placeholders(model: Any, prompt: int) -> Iterator[None]:  # noqa: ANN401
    """While rows of prompt and response are passed on: a placeholder in a response is but a token.

    A policy may draw that token as any other, and transformers would want an image for it.

    Args:
        model: a Qwen2.5-VL with its output layer.
        prompt: how many tokens of each row are prompt.
    """
    inner = model.model
    original = inner.get_placeholder_mask

    def of_prompts(input_ids: Tensor, **rest: Any) -> Any:  # noqa: ANN401
        ids = input_ids.clone()
        ids[:, prompt:] = -1
        return original(ids, **rest)

    inner.get_placeholder_mask = of_prompts
    try:
        yield
    finally:
        del inner.get_placeholder_mask


def find_rotary_positions(
    model: Any,  # noqa: ANN401
    ids: Tensor,
    image_tensors: Mapping[str, Tensor],
) -> tuple[Tensor, Tensor]:
    """Where the tokens of prompts stand: an image's in time, height and width.

    Args:
        model: a Qwen2.5-VL, with or without its output layer.
        ids: token ids, (rows, tokens).
        image_tensors: the result of `make_model_inputs`, and `attention_mask` where rows are
            padded.

    Returns:
        Positions, (3, rows, tokens), and the shift of each row, (rows,): the position of the next
        token is their number plus this.
    """
    inner = model if hasattr(model, "get_rope_index") else model.model
    positions, shifts = inner.get_rope_index(
        ids,
        mm_token_type_ids=image_tensors["mm_token_type_ids"],
        image_grid_thw=image_tensors["image_grid_thw"],
        attention_mask=image_tensors.get("attention_mask"),
    )
    return positions, shifts.flatten()
