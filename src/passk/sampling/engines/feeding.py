"""Blocks handed to the processes of an engine, and back as each is complete.

A process has a few more blocks than it can run at once, so that it never waits; another follows as
soon as one is done. One that dies is started again, and what it had not finished is asked of
whoever is free: a bounded number of times without a block in between.
"""

import queue
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from passk.core.machine import EngineHost
from passk.sampling.blocks import Block
from passk.sampling.engines.engine import CountSamples
from passk.sampling.engines.process import EngineError, EngineProcess, Heard

_LOOK_EVERY = 1.0  # seconds between two looks at whether processes live
_ERROR_LINE = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Interrupt)(?:: .*)?)$", re.MULTILINE)
_EMPTY_REASONS = ("Engine core init", "EngineDeadError", "EngineCore encountered")
Answer = tuple[Block, dict[str, Any], bytes]
AskBlock = Callable[[Block], tuple[Mapping[str, Any], bytes]]


@dataclass(frozen=True)
class EngineFleet:
    """The processes of an engine that draw together.

    Attributes:
        engine: its name.
        command: what starts a process.
        host: what the machine file says.
        variables: for each process, its environment variables.
        source: what a process must say its code is.
        load: the message that makes it load a model.
        rows: samples that it runs at once.
        remedies: parts of an error's text, with what to do about it.
    """

    engine: str
    command: list[str]
    host: EngineHost
    variables: Sequence[Mapping[str, str]]
    source: str
    load: Mapping[str, Any]
    rows: int
    remedies: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Worker:
    """A process, and what was asked of it: blocks by key, in the order of asking."""

    process: EngineProcess
    variables: Mapping[str, str]
    ready: bool = False
    started: float = field(default_factory=time.monotonic)
    asked: dict[str, Block] = field(default_factory=dict)
    counted: int = 0  # samples that ended, of blocks that are not complete

    @property
    def load(self) -> int:
        """Samples asked for."""
        return sum(len(block.indices) for block in self.asked.values())


class Feeder:
    """Draws blocks by a fleet.

    Args:
        fleet: how its processes start.
        ask: the message that asks for a block.
        progress: told how many more samples ended; fewer, where a process died with them.
    """

    def __init__(self, fleet: EngineFleet, ask: AskBlock, progress: CountSamples) -> None:
        self.fleet, self.ask, self.progress = fleet, ask, progress
        self.heard: queue.Queue[Heard] = queue.Queue()
        self.workers: dict[int, _Worker] = {}
        self.pending: deque[Block] = deque()
        self.started = self.deaths = 0
        self.hello: dict[str, Any] = {}

    def draw(self, blocks: Sequence[Block]) -> Iterator[Answer]:
        """Every block with the message that answers it, as they come.

        Raises:
            EngineError: no process starts, or they die again and again.
        """
        self.pending.extend(blocks)
        failed = True
        try:
            for variables in self.fleet.variables:
                self._start(variables)
            while self.pending or any(worker.asked for worker in self.workers.values()):
                answer = self._hear()
                if answer is not None:
                    yield answer
            failed = False
        finally:
            for worker in self.workers.values():
                if failed:
                    worker.process.kill()
                worker.process.stop(keep_log=failed)

    def _start(self, variables: Mapping[str, str]) -> None:
        self.started += 1
        process = EngineProcess(self.fleet.command, variables, self.started, self.heard)
        self.workers[self.started] = _Worker(process, variables)
        process.send({"load": self.fleet.load})

    def _hear(self) -> Answer | None:
        """Wait for one message and act on it; a block that is answered."""
        try:
            heard = self.heard.get(timeout=_LOOK_EVERY)
        except queue.Empty:
            self._look()
            return None
        worker = self.workers.get(heard.number)
        if worker is None:  # the last words of a process that was given up
            return None
        header = heard.header
        if header is None:
            self._replace(heard.number, "")
        elif "hello" in header:
            self._greet(worker, header["hello"])
        elif "ready" in header:
            worker.ready = True
            self._fill(worker)
        elif "failed" in header:
            self._fail(heard.number, worker, header["failed"])
        elif "done" in header:
            worker.counted += header["done"]
            self.progress(header["done"])
        else:
            return self._finish(worker, header, heard.payload)
        return None

    def _finish(self, worker: _Worker, header: dict[str, Any], payload: bytes) -> Answer:
        """A block that came back, complete or refused."""
        self.deaths = 0
        if "refused" in header:
            block = worker.asked.pop(header["refused"])
            self.progress(len(block.indices))
        else:
            block = worker.asked.pop(header["block"])
            worker.counted -= len(block.indices)
        self._fill(worker)
        return block, header, payload

    def _fill(self, worker: _Worker) -> None:
        """Ask for blocks until one waits behind those that run."""
        while self.pending and worker.load < self.fleet.rows + len(self.pending[0].indices):
            block = self.pending.popleft()
            worker.asked[block.key] = block
            worker.process.send(*self.ask(block))

    def _greet(self, worker: _Worker, hello: dict[str, Any]) -> None:
        """See that the other end is of this version."""
        self.hello = hello
        check_hello(self.fleet.engine, self.fleet.command, hello, self.fleet.source)

    def _look(self) -> None:
        """Find processes that died without a word, and those that take too long to start."""
        for number, worker in list(self.workers.items()):
            if not worker.process.alive:
                self._replace(number, "")
            elif not worker.ready and time.monotonic() - worker.started > self._longest_start:
                raise EngineError(
                    f"engine {self.fleet.engine!r}: not ready after "
                    f"{self.fleet.host.start_minutes:g} minutes; its log is {worker.process.log}; "
                    f"raise engines.{self.fleet.engine}.start_minutes in machine.yaml"
                )

    @property
    def _longest_start(self) -> float:
        return self.fleet.host.start_minutes * 60

    def _fail(self, number: int, worker: _Worker, reason: str) -> None:
        """A process says why it ends: at the start for good, later it may be chance."""
        reason = find_reason(reason, worker.process)
        if worker.ready:
            self._replace(number, reason)
            return
        raise EngineError(self._say(reason, worker.process))

    def _say(self, reason: str, process: EngineProcess) -> str:
        remedies = [text for part, text in self.fleet.remedies.items() if part in reason]
        remedy = "".join(f"; {text}" for text in remedies[:1])
        return f"engine {self.fleet.engine!r}: {reason}{remedy}; its log is {process.log}"

    def _replace(self, number: int, reason: str) -> None:
        """Start a process again that died, and take back what was asked of it."""
        worker = self.workers.pop(number)
        worker.process.kill()
        reason = reason or worker.process.explain_end()
        self.pending.extendleft(reversed(worker.asked.values()))
        self.progress(-worker.counted)
        self.deaths += 1
        if self.deaths > self.fleet.host.restarts:
            worker.process.stop(keep_log=True)
            raise EngineError(
                f"{self._say(reason, worker.process)}; it died {self.deaths} time(s) without a "
                "block in between; blocks that are done are kept: mend it and run again"
            )
        worker.process.stop()
        print(
            f"warning: engine {self.fleet.engine!r} died ({reason}); it is started again "
            f"({self.deaths} of {self.fleet.host.restarts} times without a block in between), and "
            f"{worker.load} samples are drawn again",
            file=sys.stderr,
        )
        self._start(worker.variables)


def check_hello(engine: str, command: Sequence[str], hello: Mapping[str, Any], source: str) -> None:
    """See that a process has the code of this end.

    Raises:
        EngineError: it has another, as a container's image may.
    """
    if hello.get("source") != source:
        raise EngineError(
            f"engine {engine!r}: {command[0]} runs another version of passk than this study; "
            "build its image again (containers/), or install this version there"
        )


def find_reason(reason: str, process: EngineProcess) -> str:
    """Why a process failed, in a line: what it said, or what its log says where that is nothing."""
    if not any(part in reason for part in _EMPTY_REASONS):
        return reason
    found = _ERROR_LINE.findall(process.log.read_text(encoding="utf-8", errors="replace"))
    telling = [line for line in found if not any(part in line for part in _EMPTY_REASONS)]
    return telling[-1] if telling else reason


def warn_refused(refused: Mapping[str, str], blocks: Sequence[Block]) -> None:
    """Say of which prompts there are no samples.

    Args:
        refused: reasons by block key.
        blocks: those of the draw.
    """
    prompts = {block.prompt for block in blocks if block.key in refused}
    if prompts:
        print(
            f"warning: {len(prompts)} prompt(s) were refused, and their samples are unknown; "
            f"the first: {next(iter(refused.values()))}",
            file=sys.stderr,
        )
