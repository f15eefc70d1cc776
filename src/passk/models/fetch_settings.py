"""Parameters of the stage group `fetch`: models that somebody else made."""

import re

from pydantic import Field, JsonValue, model_validator

from passk.core.parameters import ParameterSection
from passk.models.served import SERVED

_FOLDER = re.compile(r"^(/|\./|\.\./|~/)")
_REPOSITORY = re.compile(r"^[\w.-]+/[\w.-]+$")


class Fetch(ParameterSection):
    """A Hugging Face checkpoint: a folder, or a repository of the hub, pinned by its content."""

    source: str = Field(
        description="A folder, beginning with /, ./, ../ or ~/; OWNER/NAME, a repository of the "
        "Hugging Face hub; or served:NAME, a model on a server that machine.yaml names, for draws "
        "of the engine endpoint."
    )
    revision: str | None = Field(
        default=None,
        description="What is fetched, so that it can never change unnoticed: of a repository the "
        "commit (40 hexadecimal digits); of a folder the digest of its model files, which the "
        "stage names when it is null or differs; of a served model any text that tells two states "
        "of it apart. null: not pinned yet; the study can be planned, and the model is not "
        "fetched.",
    )

    config: dict[str, JsonValue] = Field(
        default={},
        description="Changes to the model's config.json, a value by dotted key; null takes the key "
        "out, as `{dual_chunk_attention_config: null}` for a context that vLLM can start with.",
    )

    @property
    def folder(self) -> bool:
        """Whether the source is a folder."""
        return bool(_FOLDER.match(self.source))

    @property
    def served(self) -> str:
        """Name of a model on a server; empty where the source is none."""
        return self.source.removeprefix(SERVED) if self.source.startswith(SERVED) else ""

    @model_validator(mode="after")
    def _agrees(self) -> "Fetch":
        if self.served:
            return self
        if self.folder:
            if self.revision is not None and not re.fullmatch(r"[0-9a-f]{64}", self.revision):
                raise ValueError(
                    f"revision = {self.revision!r}: of a folder it is a digest of 64 hexadecimal "
                    "digits; set it to null, and the stage names the digest"
                )
            return self
        if not _REPOSITORY.match(self.source):
            raise ValueError(
                f"source = {self.source!r}: neither a folder (write /..., ./..., ../... or ~/...) "
                "nor a repository of the hub (OWNER/NAME), nor a model on a server (served:NAME)"
            )
        if self.revision is not None and not re.fullmatch(r"[0-9a-f]{40}", self.revision):
            raise ValueError(
                f"revision = {self.revision!r}: of a repository it is the full commit, 40 "
                "hexadecimal digits; branches and tags move. The repository's page lists its "
                "commits under `Files and versions`"
            )
        return self
