"""Answers of servers with OpenAI's interface, as samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from passk.core.schemas.samples import ABORTED
from passk.sampling.blocks import UNKNOWN_TOKEN, Sample


@dataclass(frozen=True)
class Reply:
    """One response.

    Attributes:
        text: what was answered, with the thought before it where it came apart.
        finish_reason: `stop`, `length`, or `aborted` for anything else.
        tokens: how many, or None where the server does not say.
        token_ids: None where the server does not give them.
        logprobs: of the tokens; None where the server does not give them.
    """

    text: str
    finish_reason: str
    tokens: int | None = None
    token_ids: tuple[int, ...] | None = None
    logprobs: tuple[float, ...] | None = None

    def as_sample(self, index: int, stream: int) -> Sample:
        """As a sample; tokens whose ids are not known are -1."""
        if self.token_ids is not None:
            ids = np.asarray(self.token_ids, np.int32)
        else:
            ids = np.full(self.tokens or 0, UNKNOWN_TOKEN, np.int32)
        logs = (
            self.logprobs if self.logprobs is not None and len(self.logprobs) == len(ids) else None
        )
        return Sample(
            index,
            stream,
            self.text,
            ids,
            self.finish_reason,
            None if logs is None else float(np.sum(logs)),
            None,
            None if logs is None else np.asarray(logs, np.float32),
        )


def read_reply(answer: Mapping[str, Any]) -> Reply:
    """The first choice of an answer to a chat or to plain text."""
    choice = answer["choices"][0]
    message = choice.get("message")
    text = _read_text(message) if isinstance(message, dict) else str(choice.get("text") or "")
    reason = choice.get("finish_reason")
    count = (answer.get("usage") or {}).get("completion_tokens")
    ids = choice.get("token_ids")
    return Reply(
        text,
        reason if reason in ("stop", "length") else ABORTED,
        int(count) if count is not None else None,
        tuple(ids) if isinstance(ids, list) else None,
        _read_logprobs(choice.get("logprobs")),
    )


def _read_text(message: Mapping[str, Any]) -> str:
    content = str(message.get("content") or "")
    thought = message.get("reasoning_content") or message.get("reasoning")
    return f"<think>\n{thought}\n</think>\n\n{content}" if thought else content


def _read_logprobs(logprobs: object) -> tuple[float, ...] | None:
    """Log-probabilities of the drawn tokens, in the form of either interface."""
    if not isinstance(logprobs, dict):
        return None
    if isinstance(logprobs.get("content"), list):
        return tuple(float(token["logprob"]) for token in logprobs["content"])
    values = logprobs.get("token_logprobs")
    if not isinstance(values, list) or None in values:
        return None
    return tuple(map(float, values))
