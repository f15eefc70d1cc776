"""What the processes of a guest have used, read from /proc; standard library alone."""

import os
import signal
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from passk.domains.code.sandbox import forker

_CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass
class Usage:
    """What a guest's processes have used so far."""

    cpu: float = 0.0
    delay: float = 0.0  # seconds that they were ready to run and did not
    resident: int = 0


class UsageMeter:
    """Measures guests from outside their process namespace.

    Args:
        how: the confinement.
        forker_pid: the process that guests are forked from, whose memory is not theirs.
    """

    def __init__(self, how: forker.Confinement, forker_pid: int) -> None:
        self._proc, self._weak = how.proc, how.weak
        self._guest, self._delay = 0, 0.0
        self._waited: dict[str, int] = {}  # of each thread of this guest, in nanoseconds
        self._own = set(forker.list_pids(self._proc))
        _, self._resident = forker.memory(self._proc, str(forker_pid))  # before any program

    def measure(self, pid: int, waiting: int) -> Usage:
        """What a guest, by its process 1, and all that it started have used.

        Args:
            pid: its process 1.
            waiting: the guest that waits for work.
        """
        if pid != self._guest:
            self._guest, self._delay, self._waited = pid, 0.0, {}
        usage = Usage()
        for process in self._list_processes(pid, waiting):
            try:
                self._add(process, usage, process == pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
        usage.delay = self._delay
        return usage

    def _list_processes(self, pid: int, waiting: int) -> Sequence[int]:
        if self._weak:
            return [pid]
        others = self._own | {waiting}
        return [process for process in forker.list_pids(self._proc) if process not in others]

    def _add(self, pid: int, usage: Usage, first: bool) -> None:
        fields = self._read(f"{pid}/stat").rsplit(b")", 1)[1].split()
        times = [int(value) for value in fields[11:15]]
        usage.cpu += sum(times if first else times[:2]) / _CLOCK
        usage.resident += max(0, forker.memory(self._proc, str(pid))[1] - self._resident)
        self._delay += self._new_delay(pid)

    def _new_delay(self, pid: int) -> float:
        """Seconds that the thread of a process that waited longest waited since the last look.

        A process that works in a thread waits there, while its first thread sleeps.
        """
        longest = 0
        for thread in os.listdir(f"{self._proc}/{pid}/task"):  # noqa: PTH208
            name = f"{pid}/task/{thread}"
            try:
                waited = int(self._read(f"{name}/schedstat").split()[1])
            except ProcessLookupError:
                continue
            except FileNotFoundError:
                if os.access(f"{self._proc}/{name}/stat", os.F_OK):
                    return float("inf")  # a kernel without it: the host will retry
                continue  # the thread has ended
            longest = max(longest, waited - self._waited.get(thread, 0))
            self._waited[thread] = waited
        return longest / 1e9

    def _read(self, name: str) -> bytes:
        file = os.open(f"{self._proc}/{name}", os.O_RDONLY)
        try:
            return os.read(file, 4096)
        finally:
            os.close(file)


def end_descendants(proc: str, kept: Collection[int]) -> None:
    """Weak isolation: whoever is left was adopted by this process; kill until nobody is.

    Args:
        proc: where /proc is.
        kept: children of this process that are no guest's.
    """
    while children := [
        pid for pid in forker.list_pids(proc) if _is_child(proc, pid) and pid not in kept
    ]:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _is_child(proc: str, pid: int) -> bool:
    try:
        with Path(f"{proc}/{pid}/stat").open("rb") as file:
            return int(file.read().rsplit(b")", 1)[1].split()[1]) == os.getpid()
    except (FileNotFoundError, ProcessLookupError):
        return False
