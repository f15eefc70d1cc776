"""The machine file: what a host has, and how it starts what a study needs.

`machine.yaml` lies beside params.yaml, or where the environment variable `PASSK_MACHINE` says. It
is no part of any stage's identity: nothing in it makes a stage stale. What decides bytes (rows of
an exact engine, dtype, tensor parallel) is a parameter and has no place here. Without the file
every default holds.

```yaml
engines:                 # how an engine starts on this host
  vllm: {python: .venv-vllm/bin/python, gpus: 1, memory_share: 0.9}
endpoints:               # servers that the draws' models are asked at
  teacher: {url: "https://host/v1", key: TEACHER_KEY, requests_at_once: 8}
resources:               # of a cluster, by stage; of several patterns that fit, the last counts
  default: {partition: cpu, minutes: 60}
  "sample@*": {partition: gpu, gpus: 1, minutes: 600}
local: [fetch]           # stage groups that must run where the internet is
```
"""

import os
import shlex
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from passk.core.legal import suggest
from passk.core.parameters import DistinctNames, Name, NotEmpty, ParameterSection
from passk.core.yaml_files import ParameterError, read

MACHINE = Path("machine.yaml")
MACHINE_VARIABLE = "PASSK_MACHINE"
_EVERY_STAGE = "default"


class EngineHost(ParameterSection):
    """How an engine starts on this host: by a Python of its own, or in a container."""

    python: NotEmpty | None = Field(
        default=None,
        description="Python of the engine's environment; a relative path begins beside the file.",
    )
    container: NotEmpty | None = Field(
        default=None,
        description="Command that runs a program in the engine's image, with its standard input "
        "open and the study's folder at the same path, e.g. `apptainer exec --nv vllm.sif`, or "
        "`docker run --rm -i --gpus all -v {folder}:{folder} -w {folder} passk-vllm`; {folder} is "
        "the study's folder. `python3` of the image is run.",
    )
    gpus: int | None = Field(
        default=None,
        ge=0,
        description="GPUs of this host that it may use; null: all that it sees.",
    )
    memory_share: float = Field(
        default=0.9, gt=0, le=1, description="Share of a GPU's memory that it takes."
    )
    processes: PositiveInt = Field(
        default=1,
        description="Processes of the engine in one draw, each with its share of the blocks and "
        "its own tensor-parallel group of GPUs.",
    )
    rows: PositiveInt | None = Field(
        default=None,
        description="Samples run at once, by an engine whose bytes do not depend on it; null: as "
        "`sampling.rows` says.",
    )
    start_minutes: PositiveFloat = Field(
        default=30.0, description="Longest time that it may take to load a model."
    )
    restarts: int = Field(
        default=3,
        ge=0,
        description="How often a process that died is started again without a block in between.",
    )
    variables: dict[str, str] = Field(
        default_factory=dict,
        description="Environment variables for it, e.g. VLLM_CPU_KVCACHE_SPACE; no secrets.",
    )

    @model_validator(mode="after")
    def _agrees(self) -> "EngineHost":
        if self.python and self.container:
            raise ValueError("python and container exclude each other: name one of them")
        return self

    def command(self, module: str, folder: Path) -> list[str] | None:
        """What runs a module of passk in the engine's environment; None where none is named.

        Args:
            module: e.g. `passk.sampling.engines.vllm_server`.
            folder: of the study.
        """
        if self.container:
            words = shlex.split(self.container.replace("{folder}", shlex.quote(str(folder))))
            return [*words, "python3", "-m", module]
        if self.python:
            return [self.python, "-m", module]
        return None


class EndpointHost(ParameterSection):
    """A server with OpenAI's interface."""

    url: str = Field(
        pattern=r"^https?://\S+$", description="Its address, with the version: `https://host/v1`."
    )
    key: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Name of the environment variable that holds the key; never the key itself.",
    )
    requests_at_once: PositiveInt = Field(default=8, description="Requests in flight at most.")
    requests_per_minute: PositiveInt | None = Field(
        default=None, description="Requests begun in a minute at most; null: no limit."
    )
    timeout_seconds: PositiveFloat = Field(
        default=600.0, description="Longest wait for one answer."
    )
    attempts: PositiveInt = Field(
        default=8, description="How often a request is sent at most, with growing waits between."
    )
    length_name: Literal["max_tokens", "max_completion_tokens"] = Field(
        default="max_tokens", description="What the server calls the longest response."
    )
    leave_out: list[Literal["seed", "logprobs"]] = Field(
        default_factory=list, description="What the server does not take of a request."
    )
    token_ids: bool = Field(
        default=False, description="Whether to ask for token ids, which vLLM's server gives."
    )
    price_prompt: float | None = Field(
        default=None, ge=0, description="Price of a million prompt tokens, for the record."
    )
    price_response: float | None = Field(
        default=None, ge=0, description="Price of a million response tokens, for the record."
    )


class Resources(ParameterSection):
    """What a stage asks of a cluster; a key that is left out stays as dvc.yaml's `meta` has it."""

    partition: NotEmpty | None = Field(default=None, description="Partition, or queue.")
    account: NotEmpty | None = Field(default=None, description="Account that is charged.")
    qos: NotEmpty | None = Field(default=None, description="Quality of service.")
    constraint: NotEmpty | None = Field(default=None, description="Features a node must have.")
    cores: PositiveInt | None = Field(default=None, description="Processor cores.")
    mem_mb: PositiveInt | None = Field(default=None, description="Memory, MB.")
    gpus: int | None = Field(default=None, ge=0, description="GPUs.")
    minutes: PositiveInt | None = Field(default=None, description="Longest time.")
    notice_seconds: PositiveInt | None = Field(
        default=None,
        description="How long before its time is over a job is told to keep its work and start "
        "over (a block of samples, or a training step, must fit in); 300 where nothing is said.",
    )
    options: NotEmpty | None = Field(
        default=None, description="Further options of sbatch, e.g. `--exclusive`."
    )


class Machine(ParameterSection):
    """All of `machine.yaml`."""

    engines: dict[Name, EngineHost] = Field(
        default_factory=dict, description="How each engine starts here, by its name."
    )
    endpoints: dict[Name, EndpointHost] = Field(
        default_factory=dict, description="Servers that draws are asked of, by name."
    )
    resources: dict[NotEmpty, Resources] = Field(
        default_factory=dict,
        description="Of a cluster, by stage: a name or a pattern, e.g. `sample@*`; `default` fits "
        "all. Of several that fit, the last that states a key counts.",
    )
    throughput: dict[str, PositiveFloat] = Field(
        default_factory=dict,
        description="Tokens a second and GPU that a model is drawn with here, by the billions of "
        "weights in its name, e.g. {'7': 9000, '32': 2100}; `passk plan` takes them.",
    )
    local: DistinctNames = Field(
        default_factory=lambda: ["fetch"],
        description="Stage groups that run where the study is started, not on a cluster's nodes.",
    )

    def engine(self, name: str) -> EngineHost:
        """How an engine starts here; where the file does not say, by the defaults."""
        return self.engines.get(name, EngineHost())

    def resources_of(self, stage: str) -> dict[str, Any]:
        """The resources that the file states for a stage.

        Example:
            >>> every, some = Resources(cores=2, minutes=60), Resources(minutes=600)
            >>> machine = Machine(resources={"default": every, "sample@*": some})
            >>> machine.resources_of("sample@base")
            {'cores': 2, 'minutes': 600}
        """
        stated: dict[str, Any] = {}
        for pattern, resources in self.resources.items():
            if pattern == _EVERY_STAGE or fnmatchcase(stage, pattern):
                stated |= resources.model_dump(exclude_none=True)
        return stated


def machine_file(root: Path = Path()) -> Path:
    """Where the machine file lies, or would lie.

    Args:
        root: the study's folder.
    """
    named = os.environ.get(MACHINE_VARIABLE)
    return Path(named) if named else root / MACHINE


def read_machine(root: Path = Path()) -> Machine:
    """The machine file of a study's folder, checked; the defaults where there is none.

    A relative path to a Python becomes an absolute one, which begins beside the file.

    Raises:
        ParameterError: it is no YAML, or has faults, one a line; or `PASSK_MACHINE` names no file.
    """
    path = machine_file(root)
    if not path.exists() and MACHINE_VARIABLE not in os.environ:
        return Machine()
    try:
        machine = Machine.model_validate(read(path) if _holds_anything(path) else {})
    except ValidationError as error:
        faults = [_describe(dict(fault)) for fault in error.errors(include_url=False)]
        raise ParameterError(
            "\n  ".join([f"{path} has {len(faults)} fault(s):", *faults])
        ) from None
    placed = {name: _place(host, path.parent) for name, host in machine.engines.items()}
    return machine.model_copy(update={"engines": placed})


def _place(host: EngineHost, beside: Path) -> EngineHost:
    """An engine whose Python has an absolute path, where it has one at all."""
    if host.python is None:
        return host
    # no resolve(): a virtual environment's Python is a link out of it
    python = beside.absolute() / Path(host.python).expanduser()
    return host.model_copy(update={"python": str(python)})


def _holds_anything(path: Path) -> bool:
    """Whether a file is more than comments: an example with every line commented out is legal."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return True  # whoever reads it says what is wrong
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines)


def _describe(fault: Mapping[str, Any]) -> str:
    """One line of a fault: key, value, what is legal."""
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{key}: unknown key; {suggest(str(fault['loc'][-1]), _siblings(fault['loc']))}"
    if fault["type"] == "missing":
        return f"{key}: missing"
    value = fault["input"]
    stated = "" if isinstance(value, dict | list) else f" = {value!r}"
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if fault["type"] == "string_pattern_mismatch":
        stated = ""  # it may be a key that stands where the name of its variable should
        message = f"{message}; {_find_description(fault['loc'])}"
    return f"{key}{stated}: {message}"


def _sections() -> dict[str, type[ParameterSection]]:
    return {"engines": EngineHost, "endpoints": EndpointHost, "resources": Resources}


def _siblings(location: tuple[str | int, ...]) -> list[str]:
    """Keys that are legal where an unknown one stands."""
    if len(location) < 3:
        return list(Machine.model_fields)
    return list(_sections()[str(location[0])].model_fields)


def _find_description(location: tuple[str | int, ...]) -> str:
    """What a key means."""
    schema = _sections().get(str(location[0]))
    field = schema.model_fields.get(str(location[-1])) if schema else None
    return (field.description or "") if field else "letters, digits, - and _"
