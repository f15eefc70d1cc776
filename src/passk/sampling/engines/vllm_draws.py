"""Blocks drawn by vLLM, in a process and an environment of its own.

1. Token ids are made, and responses decoded, here: whoever draws, the same checkpoint gives the
   same ids. The process is told ids and gives ids.
2. Each sample is a request of its own (n=1) with its own hashed seed. vLLM gives the children of
   one request seed+index, so that requests with near seeds would share streams.
3. vLLM batches as requests come, so that a block that is drawn again need not have the same bytes:
   a finished block is never drawn again, and samples that are held are kept.
4. Log-probabilities are raw ones: temperature 1, untruncated. Entropies are not to be had.
5. `max_model_len` is what the longest prompt and response need. What does not fit into the model's
   context the stage refuses before; what vLLM refuses all the same, or aborts twice, is `aborted`:
   unknown.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from passk.core.machine import EngineHost, Machine
from passk.core.schemas.samples import ABORTED
from passk.sampling.blocks import Block, Sample
from passk.sampling.checkpoint import check, takes_images
from passk.sampling.ends import find_ends
from passk.sampling.engines import vllm_server
from passk.sampling.engines.engine import CountSamples, SamplingConfig
from passk.sampling.engines.feeding import EngineFleet, Feeder, warn_refused
from passk.sampling.engines.probing import greet
from passk.sampling.engines.process import EngineError, find_command
from passk.sampling.loaded_model import load_tokenizer
from passk.sampling.stopping import make_stop
from passk.sampling.streams import derive_streams

MODULE = "passk.sampling.engines.vllm_server"
REMEDIES = {
    "No module named 'vllm'": "that Python has no vLLM: run `make setup-vllm`, or correct "
    "engines.vllm.python in machine.yaml",
    "out of memory": "lower engines.vllm.memory_share in machine.yaml, or raise tensor_parallel "
    "of the draw",
    "less than desired GPU memory utilization": "another process holds the GPU: wait for it, or "
    "lower engines.vllm.memory_share in machine.yaml",
    "KV cache": "raise engines.vllm.memory_share in machine.yaml (on a processor "
    "VLLM_CPU_KVCACHE_SPACE under variables), raise tensor_parallel of the draw, or lower its "
    "context or max_new_tokens",
    "World size": "tensor_parallel of the draw is more than the GPUs that engines.vllm.gpus of "
    "machine.yaml and CUDA_VISIBLE_DEVICES leave",
}


class VllmEngine:
    """A model that vLLM loads when blocks are asked for; a `BlockSampler`."""

    def __init__(self, config: SamplingConfig) -> None:
        """See that vLLM can be started here; nothing is started yet.

        Raises:
            CheckpointError: the folder is no model.
            EngineError: no environment here has vLLM, or there are fewer GPUs than needed.
        """
        check(config.folder)
        self.config = config
        self.given_up: dict[str, list[Sample]] = {}
        self.host = (config.machine or Machine()).engine("vllm")
        self.command = find_command("vllm", self.host, MODULE, "vllm", Path.cwd())
        self.variables = place_processes(self.host, config.tensor_parallel)
        self.tokenizer = load_tokenizer(config.folder)
        self.ends = find_ends(config.folder, self.tokenizer)
        self.stop = make_stop(config.stop, self.tokenizer)

    def draw(
        self, blocks: Sequence[Block], progress: CountSamples
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Draw blocks; each comes when its last sample ended.

        What was refused, or aborted twice, stays so: a block that is asked for again with such
        samples is answered by them, and nothing is started for it.
        """
        fresh = []
        for block in blocks:
            if block.key in self.given_up:
                yield block, self.given_up[block.key]
            else:
                fresh.append(block)
        if fresh:
            yield from self._draw(fresh, progress)

    def _draw(
        self, blocks: Sequence[Block], progress: CountSamples
    ) -> Iterator[tuple[Block, list[Sample]]]:
        prompts = {
            prompt: self.tokenizer.encode(prompt, add_special_tokens=self.config.plain)
            for prompt in dict.fromkeys(block.prompt for block in blocks)
        }
        fleet = EngineFleet(
            engine="vllm",
            command=self.command,
            host=self.host,
            variables=self.variables,
            source=vllm_server.digest_source(),
            load=self._load(max(map(len, prompts.values())), any(b.image for b in blocks)),
            rows=self._rows,
            remedies=REMEDIES,
        )

        def ask(block: Block) -> tuple[Mapping[str, Any], bytes]:
            ids = prompts[block.prompt]
            image = b"" if block.image is None else self.config.images[block.image]
            return {
                "block": block.key,
                "prompt": ids,
                "length": len(ids) + self.config.max_new_tokens,
                "streams": derive_streams(block.stream, list(block.indices)).tolist(),
            }, image

        refused: dict[str, str] = {}
        try:
            for block, header, payload in Feeder(fleet, ask, progress).draw(blocks):
                if "refused" in header:
                    refused[block.key] = header["reason"]
                samples = self._make_samples(block, header, payload)
                if any(sample.finish_reason == ABORTED for sample in samples):
                    self.given_up[block.key] = samples
                yield block, samples
        finally:
            warn_refused(refused, blocks)

    @property
    def _rows(self) -> int:
        return self.host.rows or self.config.rows

    def _load(self, prompt: int, shows_images: bool) -> dict[str, Any]:
        """The message that makes vLLM load the model.

        Args:
            prompt: tokens of the longest prompt, its image's placeholder not expanded.
            shows_images: whether there are images.
        """
        config = self.config
        counted = None if shows_images else prompt + config.max_new_tokens
        longest = config.longest or counted  # None: as much as the model's context
        limits = [limit for limit in (longest, config.context) if limit is not None]
        return {
            "engine": {
                "model": str(config.folder.absolute()),
                "dtype": config.dtype,
                "max_num_seqs": self._rows,
                "tensor_parallel_size": config.tensor_parallel,
                "gpu_memory_utilization": self.host.memory_share,
            },
            "longest": min(limits, default=None),
            "vision": takes_images(config.folder),
            "sampling": {
                "temperature": config.temperature,
                "top_p": config.top_p,
                "max_tokens": config.max_new_tokens,
                "stop_token_ids": list(self.ends),
                "stop": list(config.stop),
                "detokenize": bool(config.stop),  # else nothing there reads a text
                "logprobs": 0,
                "flat_logprobs": True,  # else an object a token
            },
        }

    def _make_samples(
        self, block: Block, header: Mapping[str, Any], payload: bytes
    ) -> list[Sample]:
        streams = derive_streams(block.stream, list(block.indices)).tolist()
        ends = header.get("samples") or [[0, ABORTED]] * len(streams)
        counts = [count for count, _ in ends]
        total, places = sum(counts), np.cumsum(counts)[:-1]
        tokens = np.split(np.frombuffer(payload, "<i4", total), places)
        logprobs = np.split(np.frombuffer(payload, "<f4", total, 4 * total), places)
        return [
            Sample(
                index,
                stream,
                self._decode(ids.tolist()),
                ids,
                reason,
                float(logs.sum(dtype=np.float64)),
                None,
                logs,
            )
            for index, stream, (_, reason), ids, logs in zip(
                block.indices, streams, ends, tokens, logprobs, strict=True
            )
        ]

    def _decode(self, ids: list[int]) -> str:
        """A response without special tokens, and without the string that ended it."""
        text: str = self.tokenizer.decode(ids, skip_special_tokens=True)
        return self.stop.cut(text) if self.stop else text


def probe_vllm(machine: Machine, models: Mapping[str, str]) -> str:
    """What vLLM's process says that it is; it loads no model.

    Raises:
        EngineError: it does not start, or sees fewer GPUs than the machine file gives it.
    """
    del models
    host = machine.engine("vllm")
    source = vllm_server.digest_source()
    said = greet("vllm", host, MODULE, "vllm", source=source, remedies=REMEDIES)
    if host.gpus and said["gpus"] < host.gpus:
        raise EngineError(
            f"machine.yaml: engines.vllm.gpus = {host.gpus}, but its process sees {said['gpus']}; "
            "correct it, or look at CUDA_VISIBLE_DEVICES, the driver, and the container's options"
        )
    gpus = f"{said['gpus']} x {said['device']}" if said["gpus"] else said["device"]
    return f"{said['engine']}, torch {said['torch']}, {gpus}"


def place_processes(host: EngineHost, tensor_parallel: int) -> list[dict[str, str]]:
    """Environment variables of each process of an engine, which say what GPUs it may use.

    Args:
        host: what the machine file says.
        tensor_parallel: GPUs of a process.

    Raises:
        EngineError: the machine file has fewer GPUs than the processes need.
    """
    needed = host.processes * tensor_parallel
    if host.gpus is None and host.processes == 1:
        return [dict(host.variables)]
    if host.gpus == 0:
        return [dict(host.variables) for _ in range(host.processes)]
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    devices = [name for name in seen.split(",") if name]
    devices = (devices or [str(i) for i in range(host.gpus or needed)])[: host.gpus or needed]
    if len(devices) < needed:
        raise EngineError(
            f"machine.yaml: engines.vllm: {host.processes} process(es) x tensor_parallel "
            f"{tensor_parallel} need {needed} GPUs, and there are {len(devices)}; lower processes, "
            "or tensor_parallel of the draw, or raise gpus"
        )
    shares = [devices[i : i + tensor_parallel] for i in range(0, needed, tensor_parallel)]
    return [{**host.variables, "CUDA_VISIBLE_DEVICES": ",".join(share)} for share in shares]
