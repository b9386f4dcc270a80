"""An XGBoost model, fitted and asked once as this module is imported; see `fitted.py`."""

import xgboost

from tests.harness.sim.contracts.fitted import features, points


def fit() -> xgboost.Booster:
    """A booster of 40 small trees."""
    matrix = xgboost.DMatrix(features(), label=points(features()))
    return xgboost.train({"max_depth": 4, "seed": 7}, matrix, num_boost_round=40)


def first_five(model: xgboost.Booster) -> list[float]:
    """Its first predictions, to three digits."""
    return [round(float(value), 3) for value in model.predict(xgboost.DMatrix(features(5)))]


MODEL = fit()
BEFORE = first_five(MODEL)
