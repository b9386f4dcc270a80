"""The benchmark of the emulators still runs and does its work: each figure with little of it."""

from benchmarks.emulators import Bucket, figures, up


def test_every_figure_can_be_taken() -> None:
    with up("gcs", "--set", "gcs.limits=none") as (environment, pid):
        for figure in figures(Bucket(environment), pid, None, 3):
            if "every emulator" not in figure.name:
                assert figure.measure() > 0, figure.name
