"""What the processes of a guest have used, read from /proc; standard library alone."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
        self._own = set(self._list_pids())
        _, self._resident = forker.memory(self._proc, str(forker_pid))  # before any program

    def measure(self, pid: int) -> Usage:
        """What a guest, by its process 1, and all that it started have used."""
        usage = Usage()
        for process in self._list_processes(pid):
            try:
                self._add(process, usage, process == pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
        return usage

    def _list_pids(self) -> Iterator[int]:
        with os.scandir(self._proc) as entries:
            yield from (int(entry.name) for entry in entries if entry.name.isdigit())

    def _list_processes(self, pid: int) -> Sequence[int]:
        if self._weak:
            return [pid]
        return [process for process in self._list_pids() if process not in self._own]

    def _add(self, pid: int, usage: Usage, first: bool) -> None:
        fields = self._read(f"{pid}/stat").rsplit(b")", 1)[1].split()
        times = [int(value) for value in fields[11:15]]
        usage.cpu += sum(times if first else times[:2]) / _CLOCK
        usage.resident += max(0, forker.memory(self._proc, str(pid))[1] - self._resident)
        try:
            usage.delay += int(self._read(f"{pid}/schedstat").split()[1]) / 1e9
        except FileNotFoundError:  # a kernel without it: the host will retry
            usage.delay = float("inf")

    def _read(self, name: str) -> bytes:
        file = os.open(f"{self._proc}/{name}", os.O_RDONLY)
        try:
            return os.read(file, 4096)
        finally:
            os.close(file)
