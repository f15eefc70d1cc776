"""A full disk is called one."""

import errno

FULL = "the disk is full, or the quota is; free some space and run again: what is whole is kept"


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, says that there is no space left.

    Example:
        >>> is_full(OSError(errno.ENOSPC, "No space left on device")), is_full(ValueError())
        (True, False)
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False
