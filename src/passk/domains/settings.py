"""Parameters of the stage group `verify`: judges, one section per domain."""

from typing import TYPE_CHECKING

from pydantic import Field, create_model

from passk.domains.domain import JudgeSettings
from passk.domains.registry import DOMAINS

if TYPE_CHECKING:
    Verification = JudgeSettings
else:
    # Made of what is registered, so that a domain of another package has its section, too.
    Verification = create_model(
        "Verification",
        __base__=JudgeSettings,
        __doc__="How answers are judged; changing it judges again, and never samples again.",
        **{
            name: (domain.settings, Field(default_factory=domain.settings, description=domain.asks))
            for name, domain in DOMAINS.items()
        },
    )
