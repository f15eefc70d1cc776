"""The process of the `vllm` engine: `python -m passk.sampling.engines.vllm_server`.

It runs in vLLM's environment, reads messages from standard input and writes messages to standard
output (`passk.sampling.engines.pipes`). Besides vLLM it needs NumPy, Pillow and this package's
files, none of its other dependencies.

| to it | from it |
|---|---|
| `variables`: environment variables to set before vLLM is imported | `hello`: versions, device |
| `load`: vLLM's arguments, `longest`, `sampling`, `vision` | `ready`: the context; `failed`: why |
| `block`: key, prompt ids, streams, bytes of an image | `block`: its samples; `refused`: why |
| | `done`: how many more samples ended |

Requests are fed as they come and each block leaves when its last sample ends: there are no waves.
When its standard input ends, it ends at once, with every process that vLLM started.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from passk.core.digests import file_digest
from passk.core.images import decode
from passk.sampling.engines import pipes

# Where the machine file says nothing. The last is no part of a GPU's memory.
_VARIABLES = {
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "VLLM_CPU_KVCACHE_SPACE": "2",
}
_TELL_EVERY = 1.0  # seconds between two messages of how many samples ended
_ABORTED = "aborted"


def digest_source() -> str:
    """Names the code of both ends: an image that holds another version is told apart."""
    folder = Path(__file__).parent
    return file_digest(folder / "vllm_server.py")[:16] + file_digest(folder / "pipes.py")[:16]


@dataclass
class Order:
    """A block whose samples are drawn.

    Attributes:
        key: names it.
        prompt: as vLLM takes one.
        streams: seed of each sample.
        answers: of each sample, once it ended.
        tries: how often each sample was asked for.
    """

    key: str
    prompt: dict[str, Any]
    streams: list[int]
    answers: list[Any]
    tries: list[int]

    @property
    def whole(self) -> bool:
        """Whether every sample ended."""
        return all(answer is not None for answer in self.answers)


class VllmServer:
    """vLLM on one model; draws the samples of blocks.

    Args:
        load: the message `load`.
        answers: where messages go.
    """

    def __init__(self, load: Mapping[str, Any], answers: BinaryIO) -> None:
        import vllm
        from vllm.platforms import current_platform
        from vllm.sampling_params import RequestOutputKind

        self.out = answers
        self.sampling = {**load["sampling"], "output_kind": RequestOutputKind.FINAL_ONLY}
        self.parameters = vllm.SamplingParams
        arguments: dict[str, Any] = {
            "seed": 0,
            "logprobs_mode": "raw_logprobs",
            "generation_config": "vllm",  # the folder's own would add sampling parameters
            "enforce_eager": current_platform.is_cpu(),  # compilation takes minutes there
            "disable_log_stats": True,
            **load["engine"],
        }
        if load["vision"]:
            arguments["limit_mm_per_prompt"] = {"image": 1}
        if current_platform.is_cpu():
            arguments.pop("gpu_memory_utilization", None)
            # A prompt that is run in parts moves its request's generator back, which has no such
            # place on a processor: vLLM 0.31 dies of it where many long prompts come at once.
            arguments["enable_chunked_prefill"] = False
            # One more process would only take memory and seconds: nothing runs beside the model.
            os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        limit = int(vllm.EngineArgs(**arguments).create_model_config().max_model_len)
        self.context = min(limit, int(load["longest"] or limit))
        self.engine: Any = vllm.LLMEngine.from_engine_args(
            vllm.EngineArgs(**arguments, max_model_len=self.context)
        )
        self.orders: dict[str, Order] = {}
        self.done, self.told = 0, time.monotonic()
        pipes.send(answers, {"ready": {"context": limit}})

    def serve(self, messages: "queue.Queue[pipes.Message]") -> None:
        """Draw what is asked for, for ever: the process ends with its standard input."""
        while True:
            while not messages.empty() or not self.orders:
                self._take(*messages.get())
            for output in self.engine.step():
                if output.finished:
                    self._note(output)
            self._tell()

    def _take(self, header: dict[str, Any], payload: bytes) -> None:
        """Ask vLLM for the samples of a block."""
        prompt: dict[str, Any] = {"prompt_token_ids": header["prompt"]}
        if payload:
            prompt["multi_modal_data"] = {"image": decode(payload)}
        streams = header["streams"]
        empty: list[Any] = [None] * len(streams)
        order = Order(header["block"], prompt, streams, empty, [0] * len(streams))
        self.orders[order.key] = order
        try:
            if header["length"] > self.context:
                raise ValueError(  # noqa: TRY301  # as vLLM does, which would cut it silently
                    f"{header['length']} tokens of prompt and response do not fit into the "
                    f"context of {self.context}"
                )
            for place in range(len(streams)):
                self._ask(order, place)
        except Exception as error:  # whatever vLLM raises at a prompt that it does not take
            del self.orders[order.key]
            self.engine.abort_request([_name(order, place, 0) for place in range(len(streams))])
            pipes.send(self.out, {"refused": order.key, "reason": _first_line(error)})

    def _ask(self, order: Order, place: int) -> None:
        seed = order.streams[place] if self.sampling["temperature"] > 0 else None
        parameters = self.parameters(n=1, seed=seed, **self.sampling)
        self.engine.add_request(_name(order, place, order.tries[place]), order.prompt, parameters)
        order.tries[place] += 1

    def _note(self, output: Any) -> None:  # noqa: ANN401
        """Note a sample that ended; what vLLM aborted is asked for once more."""
        key, place = output.request_id.split(" ")[:2]
        order = self.orders.get(key)
        if order is None:  # of a block that was refused
            return
        answer, number = output.outputs[0], int(place)
        if answer.finish_reason not in ("stop", "length") and order.tries[number] == 1:
            self._ask(order, number)
            return
        order.answers[number] = answer
        self.done += 1
        if order.whole:
            del self.orders[key]
            self._send(order)

    def _send(self, order: Order) -> None:
        import numpy as np

        tokens = [np.asarray(answer.token_ids, "<i4") for answer in order.answers]
        logprobs = [_chosen(answer.logprobs, len(answer.token_ids)) for answer in order.answers]
        samples = [
            [len(answer.token_ids), _finish(answer.finish_reason)] for answer in order.answers
        ]
        payload = b"".join(part.tobytes() for part in (*tokens, *logprobs))
        self._tell(now=True)
        pipes.send(self.out, {"block": order.key, "samples": samples}, payload)

    def _tell(self, *, now: bool = False) -> None:
        """Say how many more samples ended, now and then."""
        if self.done and (now or time.monotonic() - self.told > _TELL_EVERY):
            pipes.send(self.out, {"done": self.done})
            self.done, self.told = 0, time.monotonic()


def _name(order: Order, place: int, attempt: int) -> str:
    """A request's id; vLLM adds to it, behind a dash."""
    return f"{order.key} {place} {attempt} "


def _finish(reason: str | None) -> str:
    """A finish reason of vLLM in our words: what is neither an end nor a limit is no sample."""
    return reason if reason in ("stop", "length") else _ABORTED


def _chosen(logprobs: Any, count: int) -> Any:  # noqa: ANN401
    """Log-probabilities, float32, of the tokens that were drawn, from vLLM's flat form."""
    import numpy as np

    if not count:
        return np.empty(0, "<f4")
    return np.asarray(logprobs.logprobs, "<f4")[np.asarray(logprobs.start_indices)]


def _first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(": ")


def _describe() -> dict[str, Any]:
    """Versions and device of this environment; imports vLLM."""
    import torch
    import vllm
    from vllm.platforms import current_platform

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return {
        "source": digest_source(),
        "engine": f"vllm {vllm.__version__}",
        "torch": str(torch.__version__),
        "device": str(current_platform.get_device_name()) if gpus else "cpu",
        "gpus": gpus,
    }


def _claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for messages alone: whatever prints goes to standard error."""
    messages, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return messages, answers


def _listen(messages: BinaryIO, received: "queue.Queue[pipes.Message]") -> None:
    """Read messages until there are no more; then end this process and all that it started."""
    while (message := pipes.receive(messages)) is not None:
        received.put(message)
    _end_all(0)


def _end_all(code: int) -> None:
    with contextlib.suppress(Exception):
        import psutil  # of vLLM's environment

        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.send_signal(signal.SIGKILL)
    os._exit(code)


def main(server_class: type[VllmServer] = VllmServer) -> None:
    """Greet, load, serve."""
    messages, answers = _claim_pipes()
    received: queue.Queue[pipes.Message] = queue.Queue()
    threading.Thread(target=_listen, args=(messages, received), daemon=True).start()
    os.environ.update(_VARIABLES | received.get()[0]["variables"])
    try:
        pipes.send(answers, {"hello": _describe()})
        server = server_class(received.get()[0]["load"], answers)
        server.serve(received)
    except BaseException as error:  # whatever it is, the stage must hear of it
        import traceback

        traceback.print_exc()
        with contextlib.suppress(OSError):
            pipes.send(answers, {"failed": _first_line(error)})
        sys.stderr.flush()
        _end_all(1)


if __name__ == "__main__":
    main()
