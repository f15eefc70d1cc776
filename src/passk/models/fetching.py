"""Model files of a checkpoint that somebody else made: which they are, and whether they are whole.

Copied are weights (safetensors), configuration, generation configuration, tokenizer and, of a model
that takes images, its processor, byte by byte; nothing else of a folder or repository: no code,
no optimizer, no second format of weights. One file may be added: what says how a model sees
images, where it is only a part of another file (`add_image_options`).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from passk.core.digests import files_digest
from passk.models.configuration import change_config

INDEX = "model.safetensors.index.json"
WEIGHTS = "model.safetensors"
CONFIGURATION = ("config.json", "generation_config.json")
TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
)  # fmt: skip
# Of a model that takes images: how it sees one, and what its chats look like.
IMAGES = "preprocessor_config.json"
WHOLE = "processor_config.json"  # since transformers 5 it holds the former, which then is missing
PROCESSOR = (IMAGES, WHOLE, "video_preprocessor_config.json", "chat_template.json")
# Others prepare images in other ways, which `passk.models.image_inputs` does not know.
LOOKING = "Qwen2_5_VLForConditionalGeneration"
# One of these sets holds all that a tokenizer needs.
_SUFFICIENT = ({"tokenizer.json"}, {"tokenizer.model"}, {"vocab.json", "merges.txt"})
# What a hub is asked for; `find_model_files` then leaves out what the weights' index does not name.
PATTERNS = (*CONFIGURATION, *TOKENIZER, *PROCESSOR, INDEX, "model*.safetensors")


class FetchError(ValueError):
    """A checkpoint cannot be used; the message names the file and the remedy."""


def find_model_files(folder: Path) -> list[Path]:
    """The model files of a folder, sorted.

    Raises:
        FetchError: no such folder, or it lacks configuration, safetensors weights, tokenizer or,
            where there is a vision tower, what prepares images.
    """
    if not folder.is_dir():
        raise FetchError(f"{folder}: no such folder")
    config = _read_json(folder / "config.json")
    architectures = config.get("architectures") or []
    has_vision = "vision_config" in config
    if not any(
        name == LOOKING if has_vision else name.endswith("ForCausalLM") for name in architectures
    ):
        raise FetchError(
            f"{folder}/config.json: architectures = {architectures}; a causal language model "
            f"(...ForCausalLM) is needed, or one that takes images as Qwen2.5-VL does ({LOOKING})"
        )
    names = (*CONFIGURATION, *TOKENIZER, *(PROCESSOR if has_vision else ()))
    present = {name for name in names if (folder / name).is_file()}
    if has_vision and IMAGES not in present and _read_image_options(folder) is None:
        raise FetchError(
            f"{folder}: a vision tower without {IMAGES}, which says how it sees images; save the "
            "processor beside the weights"
        )
    if not any(needed <= present for needed in _SUFFICIENT):
        raise FetchError(
            f"{folder}: no tokenizer (tokenizer.json, tokenizer.model, or vocab.json with "
            "merges.txt); save it beside the weights"
        )
    return sorted(folder / name for name in {*present, *_find_weight_files(folder)})


def override_config(folder: Path, changes: Mapping[str, Any]) -> None:
    """Change the configuration of a copy; the weights' digests in block keys hold the result.

    Raises:
        ConfigurationError: a change cannot be made.
    """
    config = change_config(_read_json(folder / "config.json"), changes)
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8")


def add_image_options(folder: Path) -> None:
    """Write what says how a model sees images as a file of its own, where it is none yet."""
    options = _read_image_options(folder)
    if options is not None and not (folder / IMAGES).exists():
        text = json.dumps(options, indent=2, sort_keys=True) + "\n"
        (folder / IMAGES).write_text(text, encoding="utf-8")


def _read_image_options(folder: Path) -> dict[str, Any] | None:
    """Options of the image processor in the file of the whole processor, if they are there."""
    if not (folder / WHOLE).is_file():
        return None
    options: dict[str, Any] | None = _read_json(folder / WHOLE).get("image_processor")
    return options


def _find_weight_files(folder: Path) -> set[str]:
    """Names of the weight files: those of the index where there is one."""
    if (folder / INDEX).is_file():
        return {INDEX, *_read_json(folder / INDEX)["weight_map"].values()}
    if (folder / WEIGHTS).is_file():
        return {WEIGHTS}
    if (folder / "adapter_model.safetensors").is_file():
        raise FetchError(
            f"{folder}: adapters without the model that they adapt; merge them into it first "
            "(peft: merge_and_unload) and save the result"
        )
    other_files = [p.name for pattern in ("*.bin", "*.pt", "*.pth", "*.gguf", "*.safetensors")
              for p in sorted(folder.glob(pattern))]  # fmt: skip
    raise FetchError(
        f"{folder}: no {WEIGHTS} and no {INDEX}; weights there: "
        f"{', '.join(other_files) or 'none'}. Load the model with "
        "transformers and save it again (save_pretrained)"
    )


def check_weights(folder: Path, files: list[Path]) -> int:
    """Read the headers of all weight files; the number of parameters.

    Raises:
        FetchError: a file is missing or cut short, or lacks a tensor that the index promises.
    """
    file_of_tensor: Mapping[str, str] = (
        _read_json(folder / INDEX)["weight_map"] if (folder / INDEX).is_file() else {}
    )
    tensors_by_file: dict[str, set[str]] = {}
    parameters = 0
    for path in files:
        if path.suffix != ".safetensors":
            continue
        if not path.is_file():
            raise FetchError(f"{path}: no such file, though {INDEX} names it; fetch it again")
        try:
            sizes = dict(_read_sizes(path))
        except (SafetensorError, OSError) as error:
            raise FetchError(f"{path}: damaged weights ({error}); fetch the file again") from error
        tensors_by_file[path.name] = set(sizes)
        parameters += sum(sizes.values())
    for tensor, name in file_of_tensor.items():
        if tensor not in tensors_by_file[name]:
            raise FetchError(f"{folder / name}: lacks {tensor}, which {INDEX} promises")
    return parameters


def _read_sizes(path: Path) -> Iterator[tuple[str, int]]:
    """Name and number of elements of each tensor, by the file's header alone."""
    with safe_open(path, framework="numpy") as stream:
        for name in stream.keys():  # noqa: SIM118 - not a dictionary
            size = 1
            for length in stream.get_slice(name).get_shape():
                size *= length
            yield name, size


def digest_files(files: list[Path], folder: Path) -> str:
    """Digest of names and contents: the revision of a folder."""
    for path in files:
        if not path.is_file():
            raise FetchError(f"{path}: no such file, though {INDEX} names it")
    return files_digest(files, folder)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FetchError(f"{path.parent}: no {path.name}; is this a Hugging Face checkpoint?")
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise FetchError(f"{path}: not readable as JSON ({error})") from error
