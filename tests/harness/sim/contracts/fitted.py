"""What the tiny models of `fitted_catboost.py` and `fitted_xgboost.py` learn.

Those are fitted as their modules are imported, as a service loads its model before the first request, so that contracts
see a model from both sides of a fork: where the library was there first, it is fitted and asked in the zygote; where
the kernel was, in the fork. No module of the three may know the kernel.
"""

from __future__ import annotations

from typing import Any

import numpy
import pandas

ROWS = 400

COLUMNS = ["minutes", "rest_days", "home"]


def features(rows: int = ROWS) -> pandas.DataFrame:
    """Columns made by arithmetic: the same in every process, whatever was drawn before."""
    n = numpy.arange(rows, dtype=numpy.float64)
    return pandas.DataFrame(dict(zip(COLUMNS, (n * 7 % 48, n * 5 % 4, n % 2), strict=True)))


def points(frame: pandas.DataFrame) -> Any:
    """What the models learn: points scored."""
    return frame["minutes"] * 0.6 + frame["rest_days"] * 1.5 + frame["home"] * 2
