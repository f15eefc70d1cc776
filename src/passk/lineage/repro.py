"""One stage by DVC: `python -m passk.lineage.repro STAGE`, the job of a Snakemake rule.

The same as `dvc --wait-for-lock repro --quiet --single-item STAGE`, but for one thing: DVC reads
dvc.lock with a parser that keeps comments before it writes an entry, and dvc.lock has none. The
plain parser gives the same file (tested) in a fraction of the time, which every stage pays.
"""

import sys


def main(stage: str) -> int:
    """Bring one stage up to date; DVC's exit code."""
    from dvc.cli import main as dvc
    from dvc.utils.serialize import _yaml

    keeping_comments = _yaml.parse_yaml_for_update

    def parse(text: str, path: str) -> object:
        plain = str(path).endswith("dvc.lock")
        return _yaml.parse_yaml(text, path) if plain else keeping_comments(text, path)

    _yaml.parse_yaml_for_update = parse
    return int(dvc(["--wait-for-lock", "repro", "--quiet", "--single-item", stage]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
