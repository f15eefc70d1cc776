"""Why a sample ended, where there is more to say than `stop` or `length`."""

ABORTED = "aborted"  # the engine gave a response up, twice: it is unknown, whatever it says
