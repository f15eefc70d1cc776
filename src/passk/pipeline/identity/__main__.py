"""`python -m passk.pipeline.identity`: write `components.json`, as the stage `components` does."""

import sys

from passk.core.yaml_files import ParameterError
from passk.pipeline.identity.current import write_components

if __name__ == "__main__":
    try:
        write_components()
    except (ParameterError, SyntaxError) as error:
        sys.exit(f"passk: {error}")
