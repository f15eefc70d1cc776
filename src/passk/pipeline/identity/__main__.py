"""`python -m passk.pipeline.identity`: write `components.json`, as the stage `components` does."""

import sys

from passk.pipeline.identity.current import write_components

if __name__ == "__main__":
    try:
        write_components()
    except (ValueError, SyntaxError, OSError) as error:
        sys.exit(f"passk: {error}")
