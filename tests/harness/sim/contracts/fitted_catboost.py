"""A CatBoost model, fitted and asked once as this module is imported; see `fitted.py`."""

import catboost

from tests.harness.sim.contracts.fitted import features, points


def fit() -> catboost.CatBoostRegressor:
    """A regressor of 40 small trees."""
    model = catboost.CatBoostRegressor(iterations=40, depth=4, random_seed=7, verbose=False, allow_writing_files=False)
    return model.fit(features(), points(features()))


def first_five(model: catboost.CatBoostRegressor) -> list[float]:
    """Its first predictions, to three digits."""
    return [round(float(value), 3) for value in model.predict(features(5))]


MODEL = fit()
BEFORE = first_five(MODEL)
