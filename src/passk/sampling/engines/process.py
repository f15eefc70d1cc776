"""A process of an engine in an environment of its own, as the stage that started it sees it.

It is started by the Python, or in the container, that the machine file names, and is told and asked
over pipes. What it prints goes to a log that is kept when it fails. It ends with whoever started
it, however that ends: its standard input ends then.
"""

import contextlib
import importlib.util
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from passk.core import processor
from passk.core.files import TEMPORARY
from passk.core.machine import EngineHost
from passk.sampling.engines import pipes

_PATIENCE = 10.0  # seconds to end by itself
_LOG_END = 4000  # bytes of a log that are looked at for a reason


class EngineError(ValueError):
    """An engine cannot be used here; the message names the remedy."""


@dataclass(frozen=True)
class Heard:
    """What came from a process.

    Attributes:
        number: of the process.
        header: of the message; None where there are no more.
        payload: of the message.
    """

    number: int
    header: dict[str, Any] | None
    payload: bytes = b""


class EngineProcess:
    """One started process.

    Args:
        command: what starts it.
        variables: for it, besides those of this process; told to it too, for a container hands
            none on.
        number: what it is called in `Heard`.
        heard: where its messages go, and None behind the last.
    """

    def __init__(
        self,
        command: list[str],
        variables: Mapping[str, str],
        number: int,
        heard: "queue.Queue[Heard]",
    ) -> None:
        self.command, self.number, self.heard = command, number, heard
        folder = os.environ.get(TEMPORARY)
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
        file, name = tempfile.mkstemp(prefix="engine-", suffix=".log", dir=folder)
        self.log = Path(name)
        self._shown = Path(tempfile.mkdtemp(prefix="engine-", dir=folder))
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=_environment(command, variables, _show_package(self._shown)),
                start_new_session=True,  # so that all of it can be killed
            )
        except OSError as error:
            self._forget()
            raise EngineError(f"{command[0]}: cannot be started: {error.strerror}") from error
        finally:
            os.close(file)
        threading.Thread(target=self._listen, daemon=True).start()
        self.send({"variables": dict(variables)})

    def send(self, header: Mapping[str, Any], payload: bytes = b"") -> None:
        """Tell it something; if it is dead, `heard` says so."""
        with contextlib.suppress(OSError):
            pipes.send(cast("BinaryIO", self._process.stdin), header, payload)

    def stop(self, *, keep_log: bool = False) -> None:
        """End it, and all that it started."""
        with contextlib.suppress(OSError):
            cast("BinaryIO", self._process.stdin).close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        self.kill()
        self._forget(keep_log=keep_log)

    def kill(self) -> None:
        """End it, and all that it started, now."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def explain_end(self) -> str:
        """How it ended: by which signal or exit code, and the last that it wrote."""
        code = self._process.poll()
        if code is not None and code < 0:
            how = f"killed by {signal.Signals(-code).name}"
        else:
            how = f"ended with code {code}"
        lines = [line for line in _read_end(self.log).splitlines() if line.strip()]
        return f"{how}; its last line: {lines[-1].strip()}" if lines else how

    def _listen(self) -> None:
        stream = cast("BinaryIO", self._process.stdout)
        with contextlib.suppress(ValueError, OSError):
            while (message := pipes.receive(stream)) is not None:
                self.heard.put(Heard(self.number, *message))
        self.heard.put(Heard(self.number, None))

    def _forget(self, *, keep_log: bool = False) -> None:
        shutil.rmtree(self._shown, ignore_errors=True)
        if not keep_log:
            self.log.unlink(missing_ok=True)


def _show_package(folder: Path) -> Path:
    """Make a folder hold this package and nothing else, to be found by the engine's Python.

    The environment that holds it here has other versions of all that the engine needs.
    """
    package = Path(__file__).resolve().parents[2]
    with contextlib.suppress(FileExistsError):
        (folder / package.name).symlink_to(package)
    return folder.resolve()


def _environment(command: list[str], variables: Mapping[str, str], shown: Path) -> dict[str, str]:
    """Variables of a process: this one's, without what pins processors and environments."""
    dropped = {*processor.pins(), "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    kept |= dict(variables)
    found = [str(shown), *filter(None, [variables.get("PYTHONPATH")])]
    path = [str(Path(command[0]).parent), *filter(None, [kept.get("PATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(found), "PATH": os.pathsep.join(path)}


def _read_end(path: Path) -> str:
    with contextlib.suppress(OSError), path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - _LOG_END, 0))
        return stream.read().decode("utf-8", "replace")
    return ""


def find_command(
    engine: str, host: EngineHost, module: str, package: str, folder: Path
) -> list[str]:
    """What starts an engine here: as the machine file says, else this Python if it has the package.

    Args:
        engine: its name.
        host: what the machine file says of it.
        module: of passk, that runs in its environment.
        package: what that environment must have.
        folder: of the study.

    Raises:
        EngineError: nothing can start it; the message says what would.
    """
    key = f"machine.yaml: engines.{engine}"
    command = host.command(module, folder)
    if command is None:
        if importlib.util.find_spec(package):
            return [sys.executable, "-m", module]
        raise EngineError(
            f"engine {engine!r}: {package} is not in this environment, and {key} names no other; "
            f"run `make setup-{engine}` in passk's repository (or make an environment with it), "
            f"then write `engines: {{{engine}: {{python: PATH/bin/python}}}}` into machine.yaml"
        )
    if shutil.which(command[0]) is None:
        part = "container" if host.container else "python"
        remedy = "correct it, or install it" if host.container else "correct it, or make it"
        raise EngineError(f"{key}.{part} = {command[0]!r}: no such program here; {remedy}")
    return command
