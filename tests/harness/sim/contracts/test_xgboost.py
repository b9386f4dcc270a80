"""XGBoost: predictions on both sides of a fork, in threads, and of a model from a file."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library("xgboost-cpu", loads=("xgboost", "tests.harness.sim.contracts.fitted_xgboost"))


@contract(ABOUT, know="XGBoost hangs after a fork unless OpenMP has one thread: runs have OMP_NUM_THREADS=1")
def test_a_booster_fitted_before_or_after_a_fork_predicts_the_same(trace: Trace) -> None:
    from tests.harness.sim.contracts import fitted_xgboost as fitted

    trace(fitted.first_five(fitted.MODEL) == fitted.BEFORE, fitted.BEFORE)
    trace(fitted.first_five(fitted.fit()) == fitted.BEFORE)
    trace.expect((0.0, True, [0.003, 7.693, 11.396, 19.104, 16.796]), (0.0, True))


@contract(ABOUT)
def test_a_saved_booster_is_loaded_by_threads_and_predicts_in_no_virtual_time(trace: Trace) -> None:
    import xgboost

    from tests.harness.sim.contracts import fitted_xgboost as fitted

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        fitted.MODEL.save_model(path)

        def load_and_predict(_: int) -> list[float]:
            return fitted.first_five(xgboost.Booster(model_file=path))

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(load_and_predict, range(8)))
    trace([answer == fitted.BEFORE for answer in answers])
    in_place = fitted.MODEL.inplace_predict(fitted.features(5))
    trace([round(float(value), 3) for value in in_place] == fitted.BEFORE)
    trace.expect((0.0, [True] * 8), (0.0, True))
