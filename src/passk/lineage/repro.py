"""One stage by DVC: `python -m passk.lineage.repro STAGE`, the job of a Snakemake rule.

The same as `dvc --wait-for-lock repro --single-item STAGE`, but for two things. DVC reads dvc.lock
with a parser that keeps comments before it writes an entry, and dvc.lock has none: the plain parser
gives the same file (tested) in a fraction of the time, which every stage pays. And where another
run works on the same files, DVC gives up; this waits, and then finds the work done.
"""

import sys

from passk.lineage.waiting import patiently


def reproduce(stage: str) -> None:
    """Bring one stage up to date."""
    from dvc.repo import Repo
    from dvc.utils.serialize import _yaml

    keeping_comments = _yaml.parse_yaml_for_update

    def parse(text: str, path: str) -> object:
        plain = str(path).endswith("dvc.lock")
        return _yaml.parse_yaml(text, path) if plain else keeping_comments(text, path)

    _yaml.parse_yaml_for_update = parse
    try:
        with Repo(_wait_for_lock=True) as repo:
            repo.reproduce(stage, single_item=True)
    finally:
        _yaml.parse_yaml_for_update = keeping_comments


def main(stage: str) -> int:
    """Bring one stage up to date; 0, or 1 with a message."""
    from dvc.exceptions import DvcException

    try:
        patiently(lambda: reproduce(stage))
    except DvcException as error:
        cause = f": {error.__cause__}" if error.__cause__ else ""
        print(f"dvc: {error}{cause}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
