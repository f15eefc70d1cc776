"""Scoring by the `vllm` engine: prompt log-probabilities, by a process in vLLM's environment.

vLLM batches as requests come, so that a response that is scored again need not have the same
bytes; what is scored once is kept. Its numbers and the step loop's agree within 0.005 nats a token
in float32 (tested), as samples' do.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passk.core.files import read_json
from passk.core.machine import Machine
from passk.sampling.architectures import longest_sequence
from passk.sampling.blocks import Block
from passk.sampling.checkpoint import check
from passk.sampling.engines import vllm_server
from passk.sampling.engines.feeding import EngineFleet, Feeder
from passk.sampling.engines.process import find_command
from passk.sampling.engines.vllm_draws import REMEDIES, place_processes
from passk.sampling.scoring import (
    CountResponses,
    GivenResponse,
    Scoring,
    ScoringConfig,
    ScoringError,
    check_lengths,
)

MODULE = "passk.sampling.engines.vllm_scoring_server"
_DRAWN = 1  # tokens that vLLM must draw behind a prompt
_SAMPLING = {
    "temperature": 0.0,
    "max_tokens": _DRAWN,
    "prompt_logprobs": 0,
    "flat_logprobs": True,  # else an object a token
    "detokenize": False,
}


class VllmScorer:
    """A model that vLLM loads when responses are scored; a `Scorer`."""

    def __init__(self, config: ScoringConfig) -> None:
        """See that vLLM can be started here; nothing is started yet.

        Raises:
            CheckpointError: the folder is no model.
            EngineError: no environment here has vLLM, or there are fewer GPUs than needed.
        """
        check(config.folder)
        self.config = config
        self.host = (config.machine or Machine()).engine("vllm")
        self.command = find_command("vllm", self.host, MODULE, "vllm", Path.cwd())
        self.variables = place_processes(self.host, tensor_parallel=1)
        positions = longest_sequence(read_json(config.folder / "config.json"))
        self.context = None if positions is None else positions - _DRAWN

    def score(
        self, responses: Sequence[GivenResponse], progress: CountResponses
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Score responses, as they come back.

        Raises:
            EngineError: vLLM does not start, or dies again and again.
            ScoringError: vLLM does not take a response.
        """
        check_lengths(responses, self.context)
        empty = [place for place, given in enumerate(responses) if not len(given.response_ids)]
        yield from ((place, np.empty(0, np.float32)) for place in empty)
        progress(len(empty))
        asked = [
            Block(str(place), "", range(1), 1)
            for place, given in enumerate(responses)
            if len(given.response_ids)
        ]
        if not asked:
            return

        def ask(block: Block) -> tuple[Mapping[str, Any], bytes]:
            given = responses[int(block.key)]
            return {
                "block": block.key,
                "prompt": [*given.prompt_ids, *given.response_ids.tolist()],
                "first": len(given.prompt_ids),
                "length": given.length + _DRAWN,
                "streams": [0],
            }, b""

        longest = max(given.length for given in responses) + _DRAWN
        for block, header, payload in Feeder(self._fleet(longest), ask, progress).draw(asked):
            if "refused" in header:
                raise ScoringError(f"vLLM does not take response {block.key}: {header['reason']}")
            yield int(block.key), np.frombuffer(payload, "<f4").astype(np.float32)

    def _fleet(self, longest: int) -> EngineFleet:
        rows = self.host.rows or 64
        return EngineFleet(
            engine="vllm",
            command=self.command,
            host=self.host,
            variables=self.variables,
            source=vllm_server.digest_source(),
            load={
                "engine": {
                    "model": str(self.config.folder.absolute()),
                    "dtype": self.config.dtype,
                    "max_num_seqs": rows,
                    "gpu_memory_utilization": self.host.memory_share,
                },
                "longest": longest,
                "vision": False,
                "sampling": _SAMPLING,
            },
            rows=rows,
            remedies=REMEDIES,
        )


VLLM_SCORING = Scoring(version=1, load=VllmScorer)
