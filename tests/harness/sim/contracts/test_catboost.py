"""CatBoost: predictions on both sides of a fork, in threads, and of a model from a file."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library("catboost", loads=("catboost", "tests.harness.sim.contracts.fitted_catboost"))


@contract(ABOUT)
def test_a_model_fitted_before_or_after_a_fork_predicts_the_same(trace: Trace) -> None:
    from tests.harness.sim.contracts import fitted_catboost as fitted

    trace(fitted.first_five(fitted.MODEL) == fitted.BEFORE, fitted.BEFORE)
    trace(fitted.first_five(fitted.fit()) == fitted.BEFORE)
    trace.expect((0.0, True, [0.025, 7.663, 11.385, 19.035, 16.849]), (0.0, True))


@contract(ABOUT)
def test_a_saved_model_is_loaded_by_threads_and_predicts_in_no_virtual_time(trace: Trace) -> None:
    import catboost

    from tests.harness.sim.contracts import fitted_catboost as fitted

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.cbm"
        fitted.MODEL.save_model(str(path))

        def load_and_predict(_: int) -> list[float]:
            return fitted.first_five(catboost.CatBoostRegressor().load_model(str(path)))

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(load_and_predict, range(8)))
    trace([answer == fitted.BEFORE for answer in answers])
    pooled = fitted.MODEL.predict(catboost.Pool(fitted.features(5)))
    trace([round(float(value), 3) for value in pooled] == fitted.BEFORE)
    trace.expect((0.0, [True] * 8), (0.0, True))
