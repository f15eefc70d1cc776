"""A guard around one execution: what was meant to run is what ran."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from passk.config.paths import COMPONENTS, PARAMS
from passk.core.yaml_files import ParameterError, read, select
from passk.pipeline.dag import Stage
from passk.pipeline.identity.components import StageComponents, compute_stage
from passk.pipeline.identity.current import (
    FOLDER,
    IdentityError,
    differing,
    read_components,
    read_identity,
)
from passk.pipeline.identity.source_files import SourceFiles


@dataclass(frozen=True)
class Guard:
    """What a stage was told before it began.

    Attributes:
        stage: the stage.
        parameters: all parameters, resolved.
        declared: those that `dvc.yaml` declares for it, as they stand in `params.yaml`.
        components: of its code.
    """

    stage: Stage
    parameters: Mapping[str, Any]
    declared: Mapping[str, Any]
    components: StageComponents

    @classmethod
    def of(cls, stage: Stage) -> "Guard":
        """The guard of a stage that is to run now.

        Raises:
            ParameterError: illegal parameters.
            IdentityError: `components.json` is not of the code and the parameters at hand.
        """
        identity = read_identity()
        components = identity.of_stage(stage)
        if names := differing(read_components(stage), components):
            raise IdentityError(
                f"{COMPONENTS} is not of the code and parameters at hand ({', '.join(names)}); "
                "`passk status` brings it up to date; `dvc repro` and `snakemake` do so by "
                "themselves"
            )
        return cls(stage, identity.parameters, _declared(stage), components)

    @property
    def stated(self) -> dict[str, dict[str, Any]]:
        """Parameter file -> declared values, nested, as `dvc.lock` will have them."""
        entry: Any = dict(self.components)
        if self.stage.item:
            entry = {self.stage.item: entry}
        return {
            PARAMS.as_posix(): dict(self.declared),
            COMPONENTS.as_posix(): {self.stage.group: entry},
        }

    @property
    def resolved(self) -> dict[str, Any]:
        """The declared parameters with every default filled in, nested as in `params.yaml`."""
        return select(self.parameters, self._keys)

    @property
    def _keys(self) -> tuple[str, ...]:
        return self.stage.params.get(PARAMS.as_posix(), ())

    def confirm(self) -> None:
        """See that nothing changed since.

        Raises:
            IdentityError: it names what changed.
        """
        changed = []
        try:
            if _declared(self.stage) != self.declared:
                changed.append(f"{PARAMS} ({', '.join(self._keys)})")
        except (ParameterError, KeyError) as error:
            changed.append(f"{PARAMS} ({error})")
        try:  # the parameters of before: those at hand may be illegal, in the middle of an edit
            files = SourceFiles(FOLDER / "source-files.json")
            now = compute_stage(self.parameters, self.stage, files)
            changed += [f"code ({name})" for name in differing(self.components, now)]
        except (SyntaxError, ValueError, OSError) as error:
            changed.append(f"code ({error})")
        changed += [
            f"{COMPONENTS} ({name})"
            for name in differing(self.components, read_components(self.stage))
            if not changed
        ]
        if changed:
            raise IdentityError(
                f"changed while the stage ran: {'; '.join(changed)}. Its outputs belong to what "
                "was there before, so they are not kept; blocks of samples and resume points are. "
                "Run again, or undo the change and run again to go on where this run ended"
            )


def _declared(stage: Stage) -> dict[str, Any]:
    return select(read(PARAMS), stage.params.get(PARAMS.as_posix(), ()))
