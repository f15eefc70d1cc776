"""Parameters of the stage group `examples`: responses that the page shows whole."""

from pydantic import Field

from passk.core.parameters import ParameterSection


class Examples(ParameterSection):
    """A right and a wrong response of two draws to the hardest problems that the first solves."""

    reference: str = Field(description="Draw of the start model: its accuracy says what is hard.")
    candidate: str = Field(description="Draw of the trained model.")
    set: str = Field(description="Set that both draws sample.")
    problems: int = Field(default=2, ge=1, le=20, description="Problems to show; 1 to 20.")
