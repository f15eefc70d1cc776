"""`python -m passk.pipeline.identity`: write `components.json`; what the stage `components` runs."""

import sys

from passk.core.yaml_files import ParameterError
from passk.pipeline.identity.current import write_components

if __name__ == "__main__":
    try:
        write_components()
    except (ParameterError, SyntaxError) as error:
        sys.exit(f"passk: {error}")
