"""Untrusted programs run in sandboxes that stay warm: `Sandbox`.

    >>> with Sandbox() as sandbox:  # doctest: +SKIP
    ...     program = Program("def f(x): return x + 1", "f", ("[1]",))
    ...     [(number, outcome)] = sandbox.run([program])
    >>> outcome.cases  # doctest: +SKIP
    (CaseResult(kind='returned', value='2'),)

Each server is a bubblewrap sandbox with all namespaces its own: no network, a read-only root of
the C library and Python's standard library alone, no environment. In it stay two small Python
processes. One takes programs from the host and passes on what comes back; the other, which never
sees any of that, forks a guest for each program, which is process 1 of its own process namespace,
with a /tmp of its own, no /proc, no capability, no way to gain one, limits, and a filter that lets
through the system calls that `calls` names. Guests are forked ahead and wait for their work. The
server looks on from outside that namespace; when process 1 ends, by itself or killed, the kernel
ends all that the program started.

Covered (tests/test_attacks.py, tests/test_leaks.py):

- Forged results. Expected outputs never come here; what a guest writes is read as a claim about
  values, of bounded size, with a parser that only reads. Nothing is unpickled. Results of one
  program are never taken for another's: each guest has a pipe of its own.
- Programs that exit, crash, sleep, ignore signals, allocate, write or print without end, or kill
  all they can: each costs its own limit. No program starts another process, as in the benchmarks'
  own harnesses, so that none can hide the processor time that it uses.
- Reading or writing the host's files, packages of the interpreter that were not asked for, other
  processes, the network.
- What one program tells another, before it on the same server or beside it on another: by files,
  times and rights of files, locks, leases, watches, sockets, pipes, queues, semaphores, shared
  memory, keys, futexes, timers, priorities, counters (of processes, files, pipes, sockets), budgets
  of a user, or by what the kernel says of the machine's memory, load and disks. Python's
  `resource.getrusage`, `os.statvfs`, `os.pipe`, `socket` and the like are refused; locks of a
  program's own files are had at once, and are none.
- Reading memory. A guest can read all of its own, which holds its own source and inputs, and what
  the process it was forked from held, which is nothing of any program: no source, input or output
  of others, reference solutions among them, which may so run in the same servers.
- Cases of standard input: each is a process of its own, with an empty /tmp; process 1 runs no line
  of the program.
- Blaming the sandbox: only what happens before a program's first line can be a fault of confining
  it, and the program cannot say so afterwards.
- Leftovers: servers die with the thread that started them (kill -9 too), guests with their
  server; files live in memory, within the sandbox.

Not covered:

- What takes time: while one program computes, reads a file or fills a cache of the processor,
  another finds the machine slower, or a file of the standard library in memory; it may also see on
  which processor it runs, and by the device number of its /tmp that other guests exist.
- Bugs of the kernel, of bubblewrap, or of the processor; a guest shares all three.
- Processor time varies by tens of percent with what else the machine does.
- Memory between two looks at a guest (20 ms) may pass the limit; kernel memory (page tables,
  files) is bounded by counts of files and threads, not by bytes.
- The processor limit is that of the kernel's clock, read every 20 ms; no cgroup is needed, since a
  program has one process at a time.
- `isolation="subprocess"`: a process with limits, forked from one that knows nothing, and
  nothing else of the above. The program can read and write whatever this user can, other
  processes too, and start others, whose time counts once they have ended.
"""

import selectors
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Self

from passk.core.closing import Closing
from passk.domains.code.sandbox import task
from passk.domains.code.sandbox.bubblewrap import SandboxError
from passk.domains.code.sandbox.connection import Connection, Running, ServerDiedError, Want
from passk.domains.code.sandbox.task import Outcome, Program

__all__ = ["Sandbox", "SandboxError"]

_AHEAD = 3  # programs that a server is given before it has ended the first
_POSTPONED = 16  # programs to be retried alone that may wait for the end of the others
_BUSY = 0.05  # share of the wall time spent waiting for a processor that is worth a retry
_ATTEMPTS = 3  # servers in a row that may die before they are ready


class Sandbox(Closing):
    """Runs programs in `servers` sandboxes; a context manager that leaves nothing behind.

    Args:
        isolation: "bubblewrap", or "subprocess": limits alone, for machines without it.
        servers: programs that run at one time.
        packages: packages of this interpreter that programs may import; none but the standard
            library by default.

    Raises:
        SandboxError: on entry, if bubblewrap or namespaces are missing; with the remedy.
    """

    def __init__(
        self,
        *,
        isolation: str = "bubblewrap",
        servers: int = 2,
        packages: Sequence[str] = (),
    ) -> None:
        if servers < 1:
            raise ValueError(f"{servers} servers: at least 1")
        self._isolation, self._count, self._packages = isolation, servers, tuple(packages)
        self._servers: list[Connection] = []
        self._selector = selectors.DefaultSelector()
        self._failed = 0

    def __enter__(self) -> Self:
        self._start().check_started()
        return self

    def close(self) -> None:
        """End all servers and what runs in them."""
        for server in list(self._servers):
            self._remove(server)

    @property
    def pids(self) -> list[int]:
        """Process ids of the servers that run now."""
        return [server.process.pid for server in self._servers]

    def run(
        self, programs: Iterable[Program], want: Want | None = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Run programs, consumed as there is room for them.

        A program that meets its wall limit after waiting for a processor, or whose server died,
        is run once more with nothing beside it before that counts.

        Args:
            programs: what to run.
            want: called with the number of the program, of the case, and its result, as cases
                end; False stops that program.

        Yields:
            Number of the program and its outcome, as they end.

        Raises:
            SandboxError: no server starts any more.
        """
        if any(
            server.running for server in self._servers
        ):  # left by an iteration that was given up
            self.close()
        source = enumerate(programs)
        again: deque[Running] = deque()
        more = True
        while True:
            while len(self._servers) < self._count:
                self._start()
            if more and len(again) < _POSTPONED:
                more = self._feed(source)
            if not more:
                self._share()
            busy = any(server.running for server in self._servers)
            if not busy and again:
                self._idle().give(again.popleft())
            elif not busy and not more:
                return
            yield from self._results(want, again)

    def _feed(self, source: Iterator[tuple[int, Program]]) -> bool:
        """Give programs to the servers that have room; whether there may be more."""
        if any(server.running and server.running[0].alone for server in self._servers):
            return True
        for depth in range(1, _AHEAD + 1):
            for server in self._servers:
                if server.ready and len(server.running) < depth:
                    number, program = next(source, (-1, None))
                    if program is None:
                        return False
                    server.give(Running(number, program))
        return True

    def _share(self) -> None:
        """Give idle servers what waits behind a program that may take long."""
        for server in self._servers:
            if server.ready and not server.running:
                waiting = (busy.take_back() for busy in self._servers)
                program = next((taken for taken in waiting if taken), None)
                if program is not None:
                    server.give(program)

    def _idle(self) -> Connection:
        return next((server for server in self._servers if server.ready), self._servers[0])

    def _results(self, want: Want | None, again: deque[Running]) -> Iterator[tuple[int, Outcome]]:
        """What has arrived, and what servers that died leave behind."""
        for server in self._servers:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if server.sending else 0)
            if self._selector.get_key(server).events != events:
                self._selector.modify(server, events, server)
        ready = self._selector.select(1.0)
        for key, events in ready:
            connection: Connection = key.data
            if events & selectors.EVENT_WRITE:
                connection.send()
            if events & selectors.EVENT_READ:
                try:
                    ended = connection.receive(want)
                except ServerDiedError as error:
                    yield from self._bury(connection, str(error), again)
                    continue
                if connection.ready:
                    self._failed = 0
                for running, end in ended:
                    yield from _settled(running, end, again)
        if not ready:
            for server in list(self._servers):
                if server.overdue:
                    yield from self._bury(server, "it answers nothing any more", again)

    def _start(self) -> Connection:
        connection = Connection(self._isolation, self._packages)
        self._servers.append(connection)
        self._selector.register(connection, selectors.EVENT_READ, connection)
        return connection

    def _remove(self, connection: Connection) -> None:
        self._servers.remove(connection)
        self._selector.unregister(connection)
        connection.close()

    def _bury(
        self, server: Connection, complaint: str, again: deque[Running]
    ) -> Iterator[tuple[int, Outcome]]:
        """Remove a server that died: its program is retried alone, those that waited too."""
        ready = server.ready
        self._remove(server)
        if not ready:
            self._failed += 1
            if self._failed >= _ATTEMPTS:
                raise SandboxError(f"a sandbox that worked does not start any more: {complaint}")
        for i, running in enumerate(server.running):
            if running.moved:
                continue
            if i == 0 and running.alone:
                detail = f"the sandbox died twice: {complaint}".strip()[:2000]
                yield running.number, Outcome(tuple(running.cases), task.FAULT, detail)
            else:
                again.append(Running(running.number, running.program, alone=True))


def _settled(
    running: Running, end: dict[str, Any], again: deque[Running]
) -> Iterator[tuple[int, Outcome]]:
    """The outcome, or nothing and a second run alone where it may be the host's doing."""
    outcome = running.outcome(end)
    if outcome.ended == task.SLEPT:
        waited, used = end["delay"], end["cpu"]
        if not running.alone and waited > _BUSY * outcome.wall:
            again.append(Running(running.number, running.program, alone=True))
            return
        if waited != float("inf") and used + waited > outcome.wall / 2:
            detail = f"ran {used:.1f} s and waited {waited:.1f} s for a processor"
            outcome = replace(outcome, ended=task.FAULT, detail=detail)
    yield running.number, outcome
