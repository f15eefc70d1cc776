"""Does an engine start on this host? Asked by `passk check --here`; nothing of a study is drawn."""

import queue
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from passk.core.machine import EngineHost, Machine
from passk.sampling.engines.feeding import check_hello, find_reason
from passk.sampling.engines.process import EngineError, EngineProcess, Heard, find_command


def probe_transformers(machine: Machine, models: Mapping[str, str]) -> str:
    """What this environment has for engines that run transformers in the stage's own process.

    Raises:
        EngineError: a package is missing.
    """
    del machine, models
    require_packages(("torch", "transformers"), "pip install 'passk[training]'")
    import torch
    import transformers

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return f"torch {torch.__version__}, transformers {transformers.__version__}, {device}"


def require_packages(names: Sequence[str], remedy: str) -> None:
    """See that this environment has some packages.

    Raises:
        EngineError: it names those that are missing, and the remedy.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise EngineError(f"this environment has no {', '.join(missing)}; run: {remedy}")


def greet(
    engine: str,
    host: EngineHost,
    module: str,
    package: str,
    *,
    source: str,
    remedies: Mapping[str, str],
) -> dict[str, Any]:
    """Start an engine's process, and end it once it has said what it is.

    Raises:
        EngineError: it does not start; with the reason, and the remedy where one is known.
    """
    command = find_command(engine, host, module, package, Path.cwd())
    heard: queue.Queue[Heard] = queue.Queue()
    process = EngineProcess(command, host.variables, 1, heard)
    failed = True
    try:
        hello = _wait(engine, host, process, heard, remedies)
        check_hello(engine, command, hello, source)
        failed = False
    finally:
        process.kill()
        process.stop(keep_log=failed)
    return hello


def _wait(
    engine: str,
    host: EngineHost,
    process: EngineProcess,
    heard: "queue.Queue[Heard]",
    remedies: Mapping[str, str],
) -> dict[str, Any]:
    """What a process says first."""
    until = time.monotonic() + host.start_minutes * 60
    while time.monotonic() < until:
        try:
            header = heard.get(timeout=1.0).header
        except queue.Empty:
            continue
        if header is not None and "hello" in header:
            return dict(header["hello"])
        said = header.get("failed", "") if header else process.explain_end()
        reason = find_reason(said, process)
        remedy = "".join(f"; {text}" for part, text in remedies.items() if part in reason)
        raise EngineError(f"{command_text(process)}: {reason}{remedy}; its log is {process.log}")
    raise EngineError(
        f"{command_text(process)}: said nothing for {host.start_minutes:g} minutes; its log is "
        f"{process.log}; raise engines.{engine}.start_minutes in machine.yaml"
    )


def command_text(process: EngineProcess) -> str:
    """The program that was started."""
    return process.command[0]
