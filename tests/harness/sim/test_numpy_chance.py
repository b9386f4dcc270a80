"""numpy's global generator is each process's own, and its draws come from the run's seed."""

from typing import Any

from tests.harness.sim.simulated import in_late_simulation, in_simulation

TARGET = f"{__name__}:draws"
KNOWN = [0.496714153, -0.138264301, 0.647688538, 1.523029856]
"""The first of `numpy.random.seed(42); numpy.random.randn()`, as in every textbook."""


def draws() -> Any:
    """What two processes draw in turn: one from the run's seed, the other from a seed and an odd number at a time."""
    import time

    import numpy

    from harness.sim import kernel

    told: dict[str, list[Any]] = {"seeded": [], "plain": [], "late": []}

    def seeded() -> None:
        numpy.random.seed(42)
        for _ in KNOWN:
            told["seeded"].append(round(numpy.random.randn(), 9))
            time.sleep(1)

    def plain() -> None:
        for _ in range(3):
            told["plain"].append(numpy.random.rand())
            told["plain"].append(numpy.random.default_rng().random())
            time.sleep(1)

    for name, main in (("seeded", seeded), ("plain", plain)):
        kernel.install().process(name, 0, {}).spawn(main)
    time.sleep(10)
    told["here"] = [numpy.random.rand()]
    return told


def test_processes_draw_from_generators_of_their_own() -> None:
    first, again = in_simulation(TARGET), in_simulation(TARGET, hash_seed=7)
    assert first == again
    assert first["seeded"] == KNOWN
    assert len({*first["plain"], *first["here"]}) == 7


def test_numpy_loaded_before_the_run_draws_from_its_seed() -> None:
    first, again, other = (in_late_simulation(TARGET, loads=("numpy",), seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first["seeded"] == other["seeded"] == KNOWN
    assert not {*first["plain"], *first["here"]} & {*other["plain"], *other["here"]}
