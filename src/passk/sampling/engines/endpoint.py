"""The `endpoint` engine: samples of a model on a server with OpenAI's interface.

`vllm serve` and hosted models are one engine. A draw names a model under `fetch:` whose source is
`served:NAME`; the machine file says at which address, under the model's name in the study or under
`default`.

1. A chat template's messages go to `/chat/completions`, plain text to `/completions`. The server
   has the model's markup; what it adds (a system message, a date) is beyond this project.
2. Each sample is a request with its own hashed seed. Servers take seeds or not: a block that is
   drawn again need not be the same, and a finished one is never drawn again.
3. Token ids and log-probabilities are kept where the server gives them; else there are none, and
   only the number of tokens is known. A thought that comes beside the answer stands before it,
   between `<think>` and `</think>`.
4. A prompt that the server refuses, and a sample that it gives up twice, is unknown (`aborted`).
"""

import json
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from passk.core.images import data_url
from passk.core.machine import EndpointHost, Machine
from passk.core.schemas.samples import ABORTED
from passk.models.served import SERVED, read_served
from passk.sampling.blocks import Block, Sample
from passk.sampling.engines.answers import Reply, read_reply
from passk.sampling.engines.engine import CountSamples, Engine, SamplingConfig
from passk.sampling.engines.feeding import warn_refused
from passk.sampling.engines.openai_client import OpenAiClient, RequestRefusedError
from passk.sampling.engines.process import EngineError
from passk.sampling.streams import derive_streams

_REFUSALS = 4  # blocks refused, and none answered: the request is wrong, not the prompts


@dataclass
class _Order:
    """A block, and its samples as far as they came."""

    block: Block
    samples: dict[int, Sample] = field(default_factory=dict)


_Task = tuple[_Order, int]  # a sample of a block
_Result = tuple[_Order, Sample | BaseException]


class EndpointEngine:
    """A model on a server; a `BlockSampler`."""

    def __init__(self, config: SamplingConfig) -> None:
        """Find the server; nothing is asked yet.

        Raises:
            FileError: the draw's model is not a served one.
            EngineError: the machine file names no server for it, or its key is not set.
        """
        self.config = config
        self.model = read_served(config.folder).model
        name, self.host = find_host(config.machine or Machine(), config.folder.name)
        self.client = OpenAiClient(name, self.host)
        self.given_up: dict[str, list[Sample]] = {}
        self.refused: dict[str, str] = {}
        self.answered, self.asked = False, 0

    @property
    def measured(self) -> dict[str, float]:
        """What was used, for the stage's record; the cost where the machine file has prices."""
        usage, host = self.client.usage, self.host
        cost = {}
        if host.price_prompt is not None and host.price_response is not None:
            paid = usage.prompt_tokens * host.price_prompt
            paid += usage.response_tokens * host.price_response
            cost = {"cost": paid / 1e6}
        return {name: float(value) for name, value in vars(usage).items()} | cost

    def draw(
        self, blocks: Sequence[Block], progress: CountSamples
    ) -> Iterator[tuple[Block, list[Sample]]]:
        """Draw blocks; each comes when its last sample did.

        Raises:
            EngineError: the server takes no request, or does not answer after all attempts.
        """
        yield from ((b, self.given_up[b.key]) for b in blocks if b.key in self.given_up)
        orders = [_Order(block) for block in blocks if block.key not in self.given_up]
        self.asked += len(orders)
        tasks: queue.Queue[_Task] = queue.Queue()
        for order in orders:
            for index in order.block.indices:
                tasks.put((order, index))
        results: queue.Queue[_Result] = queue.Queue()
        # Threads that end with the process: a request may take minutes, and nobody waits for it.
        for _ in range(self.host.requests_at_once):
            threading.Thread(target=self._work, args=(tasks, results), daemon=True).start()
        try:
            for _ in range(sum(len(order.block.indices) for order in orders)):
                order, sample = _take(results)
                order.samples[sample.sample_index] = sample
                progress(1)
                if len(order.samples) == len(order.block.indices):
                    yield order.block, self._finish(order)
        except BaseException:
            self.client.stopped.set()
            raise
        finally:
            warn_refused(self.refused, blocks)

    def _work(self, tasks: "queue.Queue[_Task]", results: "queue.Queue[_Result]") -> None:
        """Draw samples until there are none left, or the draw ended."""
        while not self.client.stopped.is_set():
            try:
                order, index = tasks.get_nowait()
            except queue.Empty:
                return
            try:
                results.put((order, self._draw_sample(order.block, index)))
            except BaseException as error:  # raised where the draw is
                results.put((order, error))

    def _finish(self, order: _Order) -> list[Sample]:
        """The samples of a block that is complete."""
        samples = [order.samples[index] for index in order.block.indices]
        if any(sample.finish_reason == ABORTED for sample in samples):
            self.given_up[order.block.key] = samples
        return samples

    def _draw_sample(self, block: Block, index: int) -> Sample:
        """One sample; a second try where the server gave the first up."""
        stream = int(derive_streams(block.stream, index))
        path, body = self._ask(block, stream)
        reply = Reply("", ABORTED)
        for _ in range(2):
            try:
                reply = read_reply(self.client.post(path, body))
            except RequestRefusedError as error:
                self._refuse(block, str(error))
                break
            self.answered = True
            if reply.finish_reason != ABORTED:
                break
        return reply.as_sample(index, stream)

    def _refuse(self, block: Block, reason: str) -> None:
        """Note a prompt that was refused; raises EngineError where all are."""
        self.refused[block.key] = reason
        if not self.answered and len(self.refused) >= min(_REFUSALS, self.asked):
            raise EngineError(f"endpoint {self.client.name!r} refuses every request: {reason}")

    def _ask(self, block: Block, stream: int) -> tuple[str, dict[str, Any]]:
        """Path and body of the request for a sample."""
        config, host = self.config, self.host
        body: dict[str, Any] = {
            "model": self.model,
            "temperature": config.temperature,
            "top_p": config.top_p,
            host.length_name: config.max_new_tokens,
            "seed": stream,
            "stop": list(config.stop),
            "return_token_ids": host.token_ids,
        }
        idle = {name for name in ("stop", "return_token_ids") if not body[name]}
        left_out = idle.union(host.leave_out)
        if config.plain:
            path = "/completions"
            body |= {"prompt": block.prompt, "logprobs": 0}
        else:
            path = "/chat/completions"
            body |= {**self._write_chat(block), "logprobs": True}
        return path, {name: value for name, value in body.items() if name not in left_out}

    def _write_chat(self, block: Block) -> dict[str, Any]:
        """The messages of a prompt, and the options of the server's chat template."""
        chat: dict[str, Any] = json.loads(block.prompt)
        if block.image is not None:
            url = data_url(self.config.images[block.image])
            shown = {"type": "image_url", "image_url": {"url": url}}
            for message in chat["messages"]:
                if isinstance(message["content"], list):
                    message["content"] = [
                        shown if part["type"] == "image" else part for part in message["content"]
                    ]
        return chat


def _take(results: "queue.Queue[_Result]") -> tuple[_Order, Sample]:
    """The next sample; raises what drawing it raised."""
    order, sample = results.get()
    if isinstance(sample, BaseException):
        raise sample
    return order, sample


def find_host(machine: Machine, model: str) -> tuple[str, EndpointHost]:
    """The server of a model, by its name in the study or `default`, with that name.

    Raises:
        EngineError: the machine file has neither.
    """
    for name in (model, "default"):
        if name in machine.endpoints:
            return name, machine.endpoints[name]
    raise EngineError(
        f"machine.yaml: endpoints: no server for model {model!r}; write "
        f'`endpoints: {{{model}: {{url: "https://HOST/v1", key: NAME_OF_A_VARIABLE}}}}`, or one '
        "under `default`"
    )


def probe_endpoint(machine: Machine, models: Mapping[str, str]) -> str:
    """Ask each server which models it has.

    Raises:
        EngineError: one is not there, takes no key, or does not have the model.
    """
    said = []
    for name, source in models.items():
        entry, host = find_host(machine, name)
        client = OpenAiClient(entry, host)
        served = client.models()
        client.close()
        wanted = source.removeprefix(SERVED)
        if wanted not in served:
            raise EngineError(
                f"endpoint {entry!r} ({host.url}) has no model {wanted!r}; it has "
                f"{', '.join(served[:8]) or 'none'}: correct fetch.{name}.source, or the address"
            )
        said.append(f"{wanted} at {host.url}")
    return "; ".join(said)


ENDPOINT = Engine(version=1, exact=False, blocks=EndpointEngine, served=True, probe=probe_endpoint)
