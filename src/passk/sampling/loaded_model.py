"""A checkpoint that is loaded to be sampled from: model, tokenizer, and what encodes images."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passk.models.optional_imports import skip_unused_imports
from passk.sampling.blocks import Block
from passk.sampling.checkpoint import CheckpointError, check
from passk.sampling.engines.engine import SamplingConfig

if TYPE_CHECKING:
    from passk.models.image_inputs import ImageEncoder, ImageInputs


@dataclass(frozen=True)
class LoadedModel:
    """A model of the transformers library with all that its prompts need.

    Attributes:
        model: on a GPU where there is one.
        tokenizer: of the model.
        encoder: of images, or None where the model takes none.
        config: of the draw.
    """

    model: Any
    tokenizer: Any
    encoder: "ImageEncoder | None"
    config: SamplingConfig

    def encode_image(self, image_digest: str | None) -> "ImageInputs | None":
        """An image that a block names as the model sees it; raises VisionError."""
        if image_digest is None:
            return None
        if self.encoder is None:
            from passk.models.image_inputs import VisionError

            raise VisionError(
                f"{self.config.folder}: this model takes no images; use one that does"
            )
        return self.encoder.encode(self.config.images[image_digest])

    def encode(self, block: Block, image: "ImageInputs | None") -> list[int]:
        """Token ids of a block's prompt, with the placeholders of its image."""
        ids: list[int] = self.tokenizer.encode(block.prompt, add_special_tokens=self.config.plain)
        if image is None or self.encoder is None:
            return ids
        return self.encoder.expand(ids, image.tokens)


def load_model(config: SamplingConfig) -> LoadedModel:
    """Load the checkpoint of a draw.

    Raises:
        CheckpointError: it is not complete, or its weights are damaged.
    """
    model = load_weights(config.folder, config.dtype)
    with skip_unused_imports():
        from passk.models.image_inputs import ImageEncoder

    return LoadedModel(model, load_tokenizer(config.folder), ImageEncoder.of(config.folder), config)


def load_weights(folder: Path, dtype: str) -> Any:  # noqa: ANN401
    """The model of a checkpoint, on a GPU where there is one.

    Raises:
        CheckpointError: it is not complete, or its weights are damaged.
    """
    check(folder)
    with skip_unused_imports():  # half a second of a start-up that is longer than the sampling
        import torch
        from safetensors import SafetensorError
        from transformers.utils import logging

        from passk.models.loading import load
    logging.disable_progress_bar()  # the stage has a bar of its own
    try:
        model: Any = load(folder, dtype)
    except SafetensorError as error:
        raise CheckpointError(
            f"{folder}: damaged weights ({error}); delete the folder and run "
            "`dvc checkout`, or the model's stage again"
        ) from error
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def load_tokenizer(folder: Path) -> Any:  # noqa: ANN401
    """The tokenizer of a checkpoint; nothing is downloaded."""
    with skip_unused_imports():
        from transformers import AutoTokenizer
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)
