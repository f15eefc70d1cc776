"""How reward, response length, entropy and other quantities moved while models were trained."""

import polars as pl

from passk.analysis.queries.inputs import Inputs
from passk.core.schemas.results import TRAINING

OF_ROLLOUTS = ("step", "reward", "length", "entropy")  # what every log of rollouts has
OF_FINE_TUNING = ("step", "loss")


def answer(inputs: Inputs) -> pl.DataFrame:
    """The result table `training`: the training logs of all arms, one row per step.

    A log without rewards is one of fine-tuning.

    Raises:
        ValueError: a log is missing, unreadable, or lacks a value that every such arm has.
    """
    frames = [pl.DataFrame(schema=dict(TRAINING.columns))]
    for arm, path in sorted(inputs.training.items()):
        try:
            log = pl.read_ndjson(path, infer_schema_length=None)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ValueError(f"{path}: not a readable training log ({error})") from error
        needed = OF_ROLLOUTS if "reward" in log.columns else OF_FINE_TUNING
        if missing := [name for name in needed if name not in log.columns]:
            raise ValueError(f"{path}: the training log lacks {missing}; found {log.columns}")
        frames.append(
            log.with_columns(arm=pl.lit(arm)).select(
                (pl.col(name) if name in (*log.columns, "arm") else pl.lit(None).alias(name)).cast(
                    kind
                )
                for name, kind in TRAINING.columns.items()
            )
        )
    return pl.concat(frames)
