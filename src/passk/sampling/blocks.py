"""The block store: samples that were drawn once are never drawn again.

A block holds a fixed number of sample indices of one problem. Its name is the digest of all that
its bytes depend on, so that nothing in it can be stale; n is no part of it, so that raising n
draws new blocks only. A file is written once, under a temporary name, and renamed: a kill loses
the blocks in flight and no others. A file that is damaged is named and drawn again.

The format is one line with the digest of the rest, one line of JSON, then token ids (int32) and
log-probabilities (float32) one after the other. NumPy and the standard library only.
"""

import errno
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from passk.core.digests import digest
from passk.core.files import write_bytes

UNKNOWN_TOKEN = -1
_FORMAT = b"passk-block/1"


class StoreError(OSError):
    """A block cannot be written; the message names the file and the remedy."""


class Sample(NamedTuple):
    """One sample of a problem.

    Attributes:
        sample_index: position among the problem's samples.
        stream: 63-bit stream of its random numbers.
        text: the answer without special tokens.
        token_ids: int32, with the token that ended it; each `UNKNOWN_TOKEN` where a server tells
            their number alone.
        finish_reason: `stop` or `length`.
        sum_logprob: nats, temperature 1, untruncated; None where the engine cannot tell.
        mean_entropy: nats per token; None where the engine cannot tell.
        token_logprobs: float32, one per token; None where they were not kept.
    """

    sample_index: int
    stream: int
    text: str
    token_ids: NDArray[np.int32]
    finish_reason: str
    sum_logprob: float | None
    mean_entropy: float | None
    token_logprobs: NDArray[np.float32] | None


@dataclass(frozen=True)
class Block:
    """A block as it is planned.

    Attributes:
        key: digest of all that its bytes depend on.
        prompt: the rendered prompt.
        indices: the sample indices that it holds.
        needed: how many of them, from the first, the draw uses.
        image: digest of the image that the prompt shows, or None.
    """

    key: str
    prompt: str
    indices: range
    needed: int
    image: str | None = None

    @property
    def stream(self) -> int:
        """What the random numbers of its samples are keyed by: 63 bits of the key."""
        return int(self.key[:16], 16) >> 1


def plan_blocks(
    recipe: Mapping[str, object], prompt: str, image: str | None, n: int, size: int
) -> list[Block]:
    """The blocks that hold samples 0 .. n-1 of a problem.

    Args:
        recipe: all that the samples of a draw share: model, tokenizer, sampling parameters, seeds,
            engine and its version; anything that JSON can hold.
        prompt: the rendered prompt.
        image: digest of the image, or None.
        n: samples; no part of any key.
        size: samples per block; part of every key.
    """
    blocks = []
    for number in range(-(-n // size)):
        start = number * size
        key = digest("block", recipe, prompt, image, size, number)
        blocks.append(Block(key, prompt, range(start, start + size), min(size, n - start), image))
    return blocks


@dataclass
class BlockStore:
    """Blocks under a folder, fanned out over 256 subfolders.

    Attributes:
        root: the folder.
        damaged: files found damaged so far.
    """

    root: Path
    damaged: list[Path] = field(default_factory=list)

    def path(self, key: str) -> Path:
        """Where a block lies."""
        return self.root / key[:2] / key[2:]

    def read(self, block: Block) -> list[Sample] | None:
        """The samples that are needed of a block; None where it must be drawn."""
        path = self.path(block.key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        samples = _decode(content, block.key)
        if samples is None:
            print(f"warning: {path}: damaged block; it is drawn again", file=sys.stderr)
            self.damaged.append(path)
            return None
        return samples[: block.needed] if len(samples) >= block.needed else None

    def held(self, block: Block) -> list[Sample]:
        """Whatever is held of a block, also if less than is needed."""
        try:
            return _decode(self.path(block.key).read_bytes(), block.key) or []
        except FileNotFoundError:
            return []

    def write(self, block: Block, samples: Sequence[Sample]) -> None:
        """Write a block in one piece.

        Raises:
            StoreError: the disk is full or the folder is not writable; nothing is left behind.
        """
        path = self.path(block.key)
        try:
            write_bytes(path, _encode(block.key, samples))
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            reason = "the disk is full" if full else str(error)
            raise StoreError(
                f"{path}: {reason}; all blocks before this one are kept: free some space and run "
                "again"
            ) from error


def _encode(key: str, samples: Sequence[Sample]) -> bytes:
    has_logprobs = all(sample.token_logprobs is not None for sample in samples)
    header = {
        "key": key,
        "index": [sample.sample_index for sample in samples],
        "stream": [sample.stream for sample in samples],
        "tokens": [len(sample.token_ids) for sample in samples],
        "finish_reason": [sample.finish_reason for sample in samples],
        "sum_logprob": [sample.sum_logprob for sample in samples],
        "mean_entropy": [sample.mean_entropy for sample in samples],
        "token_logprobs": has_logprobs,
        "text": [sample.text for sample in samples],
    }
    tokens = b"".join(np.asarray(sample.token_ids, "<i4").tobytes() for sample in samples)
    logprobs = b"".join(
        np.asarray(sample.token_logprobs, "<f4").tobytes() for sample in samples if has_logprobs
    )
    body = json.dumps(header).encode() + b"\n" + tokens + logprobs
    return b"%s %s\n%s" % (_FORMAT, hashlib.sha256(body).hexdigest().encode(), body)


def _decode(content: bytes, key: str) -> list[Sample] | None:
    """The samples of a file, or None where it is not what it was."""
    checksum_line, _, body = content.partition(b"\n")
    if checksum_line != b"%s %s" % (_FORMAT, hashlib.sha256(body).hexdigest().encode()):
        return None
    header_line, _, arrays = body.partition(b"\n")
    header = json.loads(header_line)
    if header["key"] != key:
        return None
    ends = np.cumsum(header["tokens"])
    total = int(ends[-1])
    tokens = np.split(np.frombuffer(arrays, "<i4", total), ends[:-1])
    logprobs: list[Any] = [None] * len(ends)
    if header["token_logprobs"]:
        logprobs = np.split(np.frombuffer(arrays, "<f4", total, 4 * total), ends[:-1])
    columns = ("index", "stream", "text", "finish_reason", "sum_logprob", "mean_entropy")
    rows = zip(*(header[name] for name in columns), strict=True)
    return [
        Sample(index, stream, text, token, reason, total_logprob, entropy, logprob)
        for (index, stream, text, reason, total_logprob, entropy), token, logprob in zip(
            rows, tokens, logprobs, strict=True
        )
    ]
