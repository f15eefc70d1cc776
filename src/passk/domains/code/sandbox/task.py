"""What is run in a sandbox, and what comes back. Plain data; no process is touched here."""

from dataclasses import dataclass, field

# How a run ended (`Outcome.ended`).
FINISHED = "finished"  # every case was run, or nobody wanted the rest
CPU = "cpu limit"  # the program used up its processor time
SLEPT = "wall limit"  # idle past its wall time, by its own doing, also when run alone
MEMORY = "memory limit"  # also where it meets MemoryError, which is how it learns of the limit
OUTPUT = "output limit"  # returned or printed more than it may
EXITED = "exited"  # does not load, ended itself, or was killed by its own doing, before the end
FAULT = "sandbox fault"  # the host's: starved of processor time, or a server that died

# What became of one case (`CaseResult.kind`).
RETURNED = "returned"  # `value` is `values.encode` of what the call returned
PRINTED = "printed"  # `value` is standard output
RAISED = "raised"  # `value` is the exception's type and message; of a whole program's process
# that ended otherwise `exit status N` or `signal N` (`sys.exit` is no error, whatever its status)
OPAQUE = "opaque"  # returned something that no test could expect; `value` is its type


@dataclass(frozen=True)
class Limits:
    """What one program may use, its child processes included; all its cases together, or each.

    Attributes:
        cpu: seconds of processor time.
        wall: seconds that may pass; several times `cpu`, as neighbours may keep it waiting.
        each: `cpu` and `wall` are what one case may use, and count anew when it has ended. That
            it has is the program's to say, so all together may not use more than so many times
            `cpu`, whatever it says.
        memory: bytes of address space of each process beyond the interpreter's own, of memory
            that all processes together really use, and of its /tmp.
        processes: processes and threads at one time.
        file_size: bytes of a file.
        output: bytes that it may return or print.
        whole: characters of a text, or numbers in a list or tuple, past which only the digest of
            what a call returned comes back (`values.digest`); 0: all comes back whole.
        floats: whether that is so, too, for what holds floats: none is right by a tolerance.
    """

    cpu: float = 10.0
    wall: float = 60.0
    memory: int = 1 << 30
    processes: int = 128
    file_size: int = 16 << 20
    output: int = 16 << 20
    whole: int = 0
    each: bool = False
    floats: bool = False

    def total_cpu(self, cases: int) -> float:
        """Seconds of processor time that a program may use for all its cases."""
        return self.cpu * max(cases, 1) if self.each else self.cpu


@dataclass(frozen=True)
class Program:
    """One untrusted program with the inputs it is run on. Expected outputs are not here.

    Attributes:
        source: Python.
        entry: what is called: `name`, or `Class.method` on a fresh instance per case. None: the
            whole program is run anew for each case, with the case as standard input.
        inputs: for each case `values.encode` of the list of positional arguments, or the text of
            standard input.
        prelude: Python that runs before the source, in the same module (imports that a
            benchmark gives its solutions).
        limits: what it may use.
    """

    source: str
    entry: str | None
    inputs: tuple[str, ...]
    prelude: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class CaseResult:
    """What became of one case.

    Attributes:
        kind: one of RETURNED, PRINTED, RAISED, OPAQUE.
        value: see there.
    """

    kind: str
    value: str


@dataclass(frozen=True)
class Outcome:
    """What became of a program.

    Attributes:
        cases: results of the cases that ended, in order; fewer than inputs where it was stopped.
        ended: how the run ended.
        detail: the error of a program that does not even load, the signal that ended it; for
            people and reasons, never compared.
        cpu: seconds of processor time used, measured by the kernel.
        wall: seconds that passed.
    """

    cases: tuple[CaseResult, ...]
    ended: str
    detail: str = ""
    cpu: float = 0.0
    wall: float = 0.0
