"""Requests to a server with OpenAI's interface: limits, retries, and what they took.

A request is sent again, after growing waits, where that may help: a server that is busy (429, with
what it says in `Retry-After`) or broken (5xx), a connection that is cut, an answer that is not
JSON. The key comes from the environment, and stands in no message.
"""

import os
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from passk.core.machine import EndpointHost
from passk.sampling.engines.process import EngineError

_AGAIN = (408, 409, 425, 429)  # and all from 500
_LONGEST_WAIT = 60.0  # seconds between two attempts, where the server names none
_SHOWN = 200  # characters of an answer that are shown


class RequestRefusedError(ValueError):
    """A server takes a request for wrong: this one, not the next."""


class _TryAgain(Exception):  # noqa: N818  # no error: it says that a request is sent again
    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass
class TokenUsage:
    """What requests took; a sum over all answers, also those that a kill lost."""

    requests: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    response_tokens: int = 0


@dataclass
class OpenAiClient:
    """One server.

    Attributes:
        name: of its entry in the machine file.
        host: that entry.
        usage: what was used so far.
        stopped: set where no more is wanted; waits end at once.
    """

    name: str
    host: EndpointHost
    usage: TokenUsage = field(default_factory=TokenUsage)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        try:
            import httpx2
        except ImportError as error:
            raise EngineError(
                "engine 'endpoint' needs httpx2; run: pip install 'passk[endpoints]'"
            ) from error
        self._key = find_key(self.name, self.host)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        connections = httpx2.Limits(max_connections=self.host.requests_at_once)
        self._client = httpx2.Client(
            headers=headers, timeout=self.host.timeout_seconds, limits=connections
        )
        self._errors = httpx2.HTTPError
        self._lock = threading.Lock()
        self._next = 0.0  # no request begins before; of time.monotonic()

    @property
    def url(self) -> str:
        """Its address without a slash at the end."""
        return self.host.url.rstrip("/")

    def close(self) -> None:
        """End waits and connections."""
        self.stopped.set()
        self._client.close()

    def models(self) -> list[str]:
        """Names of the models that it serves, by one request.

        Raises:
            EngineError: there is no such server, or it does not answer so.
        """
        try:
            answer = self._send("GET", "/models", None)
            return [str(model["id"]) for model in answer["data"]]
        except (_TryAgain, RequestRefusedError, KeyError, TypeError) as error:
            raise self._fail(str(error)) from None

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request until it is answered.

        Args:
            path: below the address, as `/chat/completions`.
            body: the request.

        Returns:
            The answer, with at least one of `choices`.

        Raises:
            RequestRefusedError: the server takes this request for wrong.
            EngineError: it takes none, or none was answered after all attempts.
        """
        for attempt in range(1, self.host.attempts + 1):
            self._await_turn()
            try:
                answer = self._send("POST", path, body)
                _check_choices(answer)
            except _TryAgain as error:
                if attempt == self.host.attempts:
                    raise self._fail(f"{error}; {attempt} attempts") from None
                self._wait(attempt, error.wait)
                continue
            self._count(answer)
            return answer
        raise AssertionError("a request has one attempt at least")

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        try:
            answer = self._client.request(method, f"{self.url}{path}", json=body)
        except self._errors as error:
            raise _TryAgain(f"{type(error).__name__}: {self._shorten(str(error))}") from None
        status = answer.status_code
        said = self._read_error(answer.text) if status >= 400 else ""
        if status in _AGAIN or status >= 500:
            wait = read_retry_after(answer.headers.get("retry-after"))
            raise _TryAgain(f"status {status}: {said}", wait)
        if status in (400, 413, 422):
            raise RequestRefusedError(f"status {status}: {said}")
        if status >= 300:
            raise self._fail(f"status {status}: {said}{self._remedy(status)}")
        try:
            content = answer.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise _TryAgain(
                f"an answer that is no JSON object: {self._shorten(answer.text)!r}; is this a "
                "server with OpenAI's interface?"
            )
        return content

    def _remedy(self, status: int) -> str:
        if status in (401, 403):
            variable = self.host.key
            what = f"environment variable {variable}" if variable else "no key"
            return f" (sent: {what}); correct endpoints.{self.name}.key in machine.yaml, or the key"
        return f"; correct endpoints.{self.name}.url in machine.yaml, or the model's name in fetch"

    def _fail(self, why: str) -> EngineError:
        return EngineError(
            f"endpoint {self.name!r} ({self.url}): {why}; blocks that are done are kept: run again"
        )

    def _await_turn(self) -> None:
        """Wait until a request may begin; raises EngineError where none is wanted any more."""
        pace = 60.0 / self.host.requests_per_minute if self.host.requests_per_minute else 0.0
        with self._lock:
            begin = max(self._next, time.monotonic())
            self._next = begin + pace
        if self.stopped.wait(max(begin - time.monotonic(), 0.0)):
            raise EngineError(f"endpoint {self.name!r}: the draw has ended")

    def _wait(self, attempt: int, asked: float | None) -> None:
        """Wait before another attempt; where the server says how long, all requests wait."""
        with self._lock:
            self.usage.retries += 1
            if asked is not None:
                self._next = max(self._next, time.monotonic() + asked)
        if asked is None:
            # Chance, so that requests which failed together do not come back together.
            self.stopped.wait(min(2.0 ** (attempt - 1), _LONGEST_WAIT) * random.uniform(0.5, 1.0))

    def _count(self, answer: Mapping[str, Any]) -> None:
        usage = answer.get("usage") or {}
        with self._lock:
            self.usage.requests += 1
            self.usage.prompt_tokens += int(usage.get("prompt_tokens") or 0)
            self.usage.response_tokens += int(usage.get("completion_tokens") or 0)

    def _read_error(self, text: str) -> str:
        """What a server says of an error, in a line."""
        import json

        try:
            error = json.loads(text)
            error = error.get("error", error)
            said = error.get("message", error) if isinstance(error, dict) else error
        except (ValueError, AttributeError):
            said = text
        return self._shorten(str(said))

    def _shorten(self, text: str) -> str:
        text = text.replace(self._key, "[key]") if self._key else text
        line = " ".join(text.split())
        return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def find_key(name: str, host: EndpointHost) -> str:
    """The key of a server, of the environment; empty where it needs none.

    Raises:
        EngineError: the variable that the machine file names is not set.
    """
    if host.key is None:
        return ""
    key = os.environ.get(host.key, "").strip()
    if not key:
        raise EngineError(
            f"machine.yaml: endpoints.{name}.key: the environment variable {host.key} is not set; "
            f"set it: export {host.key}=..."
        )
    return key


def read_retry_after(text: str | None) -> float | None:
    """Seconds to wait by a header `Retry-After`: seconds, or a date; None where it says neither.

    Example:
        >>> read_retry_after("1.5"), read_retry_after("soon"), read_retry_after(None)
        (1.5, None, None)
    """
    if not text:
        return None
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _check_choices(answer: Mapping[str, Any]) -> None:
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise _TryAgain(
            f"an answer without choices: {str(dict(answer))[:_SHOWN]}; is this a server with "
            "OpenAI's interface?"
        )
