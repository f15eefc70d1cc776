"""Will an arm fit into memory? Asked before any work starts; the answer names what would."""

import os
import re
from pathlib import Path

import torch

from passk.training.memory_estimate import ENGINE_PARTS, FitError, ModelShape, estimate_bytes
from passk.training.memory_remedies import find_remedy
from passk.training.settings import Training

_GIB = 2**30


def measure_available(processes: int) -> float:
    """Bytes for each process: of its GPU, else its share of this machine's free memory."""
    if torch.cuda.is_available():
        return float(torch.cuda.mem_get_info()[0])
    return _measure_free() / processes


def _measure_free() -> float:
    """Free memory of this machine, or what the control group leaves of it."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="utf-8")
        free = float(re.findall(r"MemAvailable:\s+(\d+) kB", text)[0]) * 1024
    except (OSError, IndexError):
        free = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    group = Path("/sys/fs/cgroup")
    try:
        limit = float((group / "memory.max").read_text(encoding="utf-8"))  # "max": no limit
        used = float((group / "memory.current").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return free
    return min(free, limit - used)


def check(
    shape: ModelShape,
    settings: Training,
    length: int,
    free: float | None = None,
    *,
    reserves: bool | None = None,
) -> None:
    """Raise FitError where an arm does not fit, naming what would.

    Args:
        shape: of the start model.
        settings: the arm's parameters.
        length: tokens of the longest prompt and response.
        free: bytes for each process; measured where it is None.
        reserves: whether an engine takes its share of the memory for itself, as it does on a GPU;
            None: whether there is one.
    """
    free = measure_available(settings.processes) if free is None else free
    reserves = torch.cuda.is_available() if reserves is None else reserves
    sizes = estimate_bytes(shape, settings, length)
    options = settings.engine_options
    if reserves and options is not None:
        _check_engine(settings, {name: sizes[name] for name in ENGINE_PARTS}, free)
        free *= 1 - options.gpu_share()
        sizes |= dict.fromkeys(ENGINE_PARTS, 0.0)
    if sum(sizes.values()) <= free:
        return

    def fits(other_shape: ModelShape, other: Training) -> bool:
        parts = estimate_bytes(other_shape, other, length)
        return sum(parts[name] for name in sizes if sizes[name] or name not in ENGINE_PARTS) <= free

    raise FitError(
        f"prompts x rollouts = {settings.prompts} x {settings.rollouts} need about "
        f"{sum(sizes.values()) / _GIB:.1f} GiB ({_list_shares(sizes)}), but {free / _GIB:.1f} GiB "
        f"are free. {find_remedy(shape, settings, fits)}"
    )


def _check_engine(settings: Training, sizes: dict[str, float], free: float) -> None:
    """Raise FitError where an engine's share of the GPU does not hold its own model."""
    assert settings.engine_options is not None, "asked only of such"
    reserved, needed = free * settings.engine_options.gpu_share(), sum(sizes.values())
    if 0 < reserved < needed:
        least = needed / free
        remedy = f"set it to at least {least:.2f}" if least < 0.9 else "take a smaller model"
        raise FitError(
            f"engine_options = {settings.engine_options.model_dump()}: engine {settings.engine!r} "
            f"has {reserved / _GIB:.1f} GiB of the GPU for itself, and needs {needed / _GIB:.1f} "
            f"GiB for its copy of the model and the cache of one response; {remedy}"
        )


def _list_shares(sizes: dict[str, float]) -> str:
    """The parts that matter, the largest first."""
    return ", ".join(
        f"{name} {value / _GIB:.1f}"
        for name, value in sorted(sizes.items(), key=lambda item: -item[1])
        if value > 0.05 * sum(sizes.values())
    )
