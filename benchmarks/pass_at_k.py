"""pass@k for every k from many verdict rows, beside the paper's own function on the same counts.

Measured: reading Parquet verdict tables, counting, and pass@k of every draw at every k, on two
threads. Not measured: making the verdicts, which happens first, in a temporary folder that is
removed again. The paper's function is measured on counts that are ready, at every k too.

Example: python -m passk.core.processor benchmarks/pass_at_k.py --rows 100_000_000
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from tqdm import tqdm

from passk.analysis.counting import TALLY
from passk.analysis.database import query
from passk.analysis.metrics import pass_at_k
from passk.analysis.questions.pass_at_k import query_curves

SAMPLES, PROBLEMS = 1024, 1000
GRADER = "math/0.9.0/0123456789abcdef"


def generate(folder: Path, rows: int) -> list[Path]:
    """Verdict tables with the columns that counting reads, one file per draw."""
    files = []
    for i in tqdm(range(max(1, round(rows / (SAMPLES * PROBLEMS)))), desc="generate", unit="draw"):
        rng = np.random.default_rng(i)
        p = rng.beta(0.3, 1.2, PROBLEMS)
        correct = rng.random((PROBLEMS, SAMPLES)) < p[:, None]
        verdict = np.where(correct, 0, np.where(rng.random(correct.shape) < 0.02, 2, 1))
        kinds = pl.Series(["correct", "wrong", "unknown"])
        frame = pl.DataFrame(
            {
                "problem_id": np.repeat(
                    [f"{j * 2654435761:016x}" for j in range(PROBLEMS)], SAMPLES
                ),
                "sample_index": np.tile(np.arange(SAMPLES), PROBLEMS),
                "verdict": kinds.gather(verdict.ravel()),
                "chain_valid": pl.Series(correct.ravel()),
            }
        ).with_columns(draw=pl.lit(f"draw-{i}"), set=pl.lit("test"), grader=pl.lit(GRADER))
        files.append(folder / f"draw-{i}.parquet")
        frame.write_parquet(files[-1])
    return files


def measure(files: list[Path], threads: int, out: Path) -> None:
    """Counts and curves, in a process of its own so that its peak memory is its own."""
    start = time.perf_counter()
    tally = query(TALLY, {"verdicts": files}, threads=threads, memory="4GB")
    counted = time.perf_counter()
    model = {name: pl.lit("m") for name in ("model", "arm")}
    described = tally.with_columns(**model, step=pl.lit(0), temperature=pl.lit(0.6))
    found = query_curves(described, range(1, SAMPLES + 1))
    done = time.perf_counter()
    tally.write_parquet(out / "tally.parquet")
    found.write_parquet(out / "curves.parquet")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    times = {"count_s": counted - start, "curves_s": done - counted, "peak_gib": peak}
    (out / "times.json").write_text(json.dumps(times))


def papers(n: int, c: int, k: int) -> float:
    """pass@k as the paper's evaluation computes it, per problem (after Chen et al. 2021)."""
    if n - c < k:
        return 1.0
    return 1.0 - float(np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def main() -> None:
    """Print time, peak memory, and the largest difference from the paper's function."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000_000, help="verdict rows")
    parser.add_argument("--threads", type=int, default=2, help="DuckDB threads for counting")
    parser.add_argument(
        "--checked", type=int, default=2, help="draws given to the paper's function"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="passk-benchmark-") as name:
        folder = Path(name)
        files = generate(folder, arguments.rows)
        size = sum(path.stat().st_size for path in files) / 2**20
        process = multiprocessing.get_context("spawn").Process(
            target=measure, args=(files, arguments.threads, folder)
        )
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(f"measuring failed with exit code {process.exitcode}")
        times = json.loads((folder / "times.json").read_text())
        tally = pl.read_parquet(folder / "tally.parquet")
        found = pl.read_parquet(folder / "curves.parquet")
    total = times["count_s"] + times["curves_s"]
    print(f"rows {tally['n'].sum():,} in {len(files)} files, {size:.0f} MiB")
    print(
        f"counts {times['count_s']:.1f} s + all {SAMPLES} k {times['curves_s']:.1f} s "
        f"= {total:.1f} s"
    )
    print(f"peak memory {times['peak_gib']:.2f} GiB")
    compare(tally, found, arguments.checked, len(files), total)


def compare(
    tally: pl.DataFrame, found: pl.DataFrame, checked: int, draws: int, total: float
) -> None:
    """Every k of some draws by the paper's function; every draw by the pure function."""
    grid = np.arange(1, SAMPLES + 1)
    worst, spent = 0.0, 0.0
    chosen = sorted(set(tally["draw"]))[:checked]
    for draw in tqdm(chosen, desc="paper's function", unit="draw"):
        c = tally.filter(draw=draw)["c"].to_list()
        start = time.perf_counter()
        theirs = [np.mean([papers(SAMPLES, x, int(k)) for x in c]) for k in grid]
        spent += time.perf_counter() - start
        ours = found.filter(draw=draw).sort("k")["pass_at_k"].to_numpy()
        worst = max(worst, float(np.abs(ours - theirs).max()))
    table = pass_at_k(SAMPLES, np.arange(SAMPLES + 1)[:, None], grid)
    for (draw,), rows in tally.group_by("draw"):
        ours = found.filter(pl.col("draw") == draw).sort("k")["pass_at_k"].to_numpy()
        pure = table[rows["c"].to_numpy()].mean(axis=0)
        np.testing.assert_allclose(ours, pure, rtol=0, atol=1e-12)
    projected = spent / len(chosen) * draws
    print(
        f"largest difference from the paper's function {worst:.1e} ({len(chosen)} draws, every k)"
    )
    print(f"largest difference from passk.analysis.metrics below 1e-12 ({draws} draws, every k)")
    print(
        f"paper's function on ready counts: {spent / len(chosen):.1f} s a draw, {projected:.0f} s "
        f"for all (projected), {projected / total:.1f} times ours with counting"
    )
    if worst > 1e-12:
        raise SystemExit("the results differ by more than 1e-12")


if __name__ == "__main__":
    main()
