"""The process of scoring by vLLM: `python -m passk.sampling.engines.vllm_scoring_server`.

It is the process of the `vllm` engine (`vllm_server`), and answers another question: how likely the
model finds a given response. A response and its prompt are one prompt to vLLM, which gives the
log-probability of each of its tokens; the one token that vLLM must draw behind it is dropped. vLLM
keeps no prefixes for such requests.

| to it | from it |
|---|---|
| `block`: its name, `prompt`: ids of both, `first`: where the response begins | `block`: float32 |
"""

from typing import Any

from passk.sampling.engines import pipes
from passk.sampling.engines.vllm_server import Order, VllmServer, main


class VllmScoringServer(VllmServer):
    """vLLM on one model; scores responses."""

    def _take(self, header: dict[str, Any], payload: bytes) -> None:
        """Ask vLLM for a response; the message has what that of a block has."""
        self.firsts: dict[str, int] = getattr(self, "firsts", {})
        self.firsts[header["block"]] = header["first"]
        super()._take(header, payload)

    def _note(self, output: Any) -> None:  # noqa: ANN401
        """A response is done: its prompt has been run."""
        order = self.orders.pop(output.request_id.split(" ")[0], None)
        if order is not None:
            self.done += 1
            self._tell(now=True)
            self._send_scores(order, output.prompt_logprobs)

    def _send_scores(self, order: Order, flat: Any) -> None:  # noqa: ANN401
        import numpy as np

        first = self.firsts.pop(order.key)
        starts = np.asarray(flat.start_indices)[first:]
        scores = np.asarray(flat.logprobs, "<f4")[starts]
        pipes.send(self.out, {"block": order.key}, scores.tobytes())


if __name__ == "__main__":
    main(VllmScoringServer)
