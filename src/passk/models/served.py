"""Models on servers: there are no weights, only a name that a server knows.

`fetch@NAME` of a source `served:MODEL` writes a folder with this name; draws of the engine
`endpoint` ask for it. What the server makes of the name is beyond this project: `revision`, any
text, tells two states of it apart.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from passk.core.digests import digest
from passk.core.files import json_text, read_json, write_text

SERVED = "served:"
_FILE = "served.json"


@dataclass(frozen=True)
class ServedModel:
    """A model on a server.

    Attributes:
        model: its name there.
        revision: what the study calls this state of it; empty for none.
    """

    model: str
    revision: str

    @property
    def digest(self) -> str:
        """Names it, in place of weights."""
        return digest("served", self.model, self.revision)


def write_served(folder: Path, served: ServedModel) -> None:
    """Write the folder of a model on a server."""
    write_text(folder / _FILE, json_text(asdict(served)))


def is_served(folder: Path) -> bool:
    """Whether a model's folder names a model on a server."""
    return (folder / _FILE).is_file()


def read_served(folder: Path) -> ServedModel:
    """The model that a folder names.

    Raises:
        FileError: the folder holds no such file.
    """
    remedy = f"engine 'endpoint' draws of a model under `fetch:` with `source: {SERVED}NAME`"
    return ServedModel(**read_json(folder / _FILE, remedy))
