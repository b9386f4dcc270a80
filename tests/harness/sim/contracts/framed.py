"""Work for Arrow's and numpy's own threads, done once as this module is imported.

This module exists so that contracts see those threads from both sides of a fork: where the libraries were there first,
they have threads before the zygote forks. It must not know the kernel.
"""

from __future__ import annotations

import io

import numpy
import pandas
import pyarrow
import pyarrow.compute
import pyarrow.parquet

TEAMS = ["LAL", "BOS", "CHI", "NYK"]


def frame(rows: int) -> pandas.DataFrame:
    """Made by arithmetic: the same in every process, whatever was drawn before."""
    n = numpy.arange(rows)
    return pandas.DataFrame({"team": numpy.array(TEAMS, dtype=object)[n % 4], "points": n * 37 % 101 + 0.5})


def computed() -> list[float]:
    """What takes a thread pool of Arrow's each: Parquet both ways, a group-by."""
    table = pyarrow.Table.from_pandas(frame(10_000))
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file, row_group_size=500)
    back = pyarrow.parquet.read_table(file, use_threads=True)
    sums = back.group_by("team", use_threads=True).aggregate([("points", "sum")]).sort_by("team")
    return [*sums["points_sum"].to_pylist(), pyarrow.compute.mean(back["points"]).as_py()]


def multiplied() -> float:
    """What numpy's BLAS shares out among threads where it may."""
    square = numpy.arange(250_000, dtype=numpy.float64).reshape(500, 500)
    return round(float(numpy.trace(square @ square.T) / 1e9), 3)


COMPUTED = computed()
MULTIPLIED = multiplied()
