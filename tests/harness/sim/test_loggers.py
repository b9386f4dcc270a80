"""Two processes share a library's loggers, but not what either has set up."""

import logging
import logging.config
import types
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from typing import Any

import pytest

from tests.harness.sim.beside import side_by_side
from tests.harness.sim.simulated import in_late_simulation, in_simulation


class Heard(logging.Handler):
    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.messages: list[str] = []
        self.closed = False

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())

    def close(self) -> None:
        self.closed = True
        super().close()


PRIVATE: Any = logging
LIBRARY = "urllib3.connectionpool"


def attributes_apart() -> list[list[Any]]:
    early = logging.getLogger(LIBRARY)

    def shown() -> list[Any]:
        late = logging.getLogger("made.by.whoever.comes.first")
        return [
            [logger.level, len(logger.handlers), len(logger.filters), logger.propagate, logger.disabled,
             logger.isEnabledFor(logging.DEBUG), logger.isEnabledFor(logging.ERROR), logger.getEffectiveLevel()]
            for logger in (early, late)
        ]  # fmt: skip

    def one() -> Iterator[Any]:
        yield shown()
        for logger in (early, logging.getLogger("made.by.whoever.comes.first")):
            logger.setLevel(logging.DEBUG)
            logger.addHandler(logging.NullHandler())
            logger.addFilter(lambda record: True)
            logger.propagate = False
        yield shown()
        early.disabled = True
        early.handlers.clear()
        yield shown()

    def two() -> Iterator[Any]:
        yield shown()
        yield shown()
        yield shown()

    return side_by_side(one, two)


FRESH = [0, 0, 0, True, False, False, True, logging.INFO]
SET = [logging.DEBUG, 1, 1, False, False, True, True, logging.DEBUG]


@pytest.mark.parametrize("simulation", [in_simulation, in_late_simulation])
def test_what_a_process_sets_of_a_logger_is_its_own_whenever_the_logger_was_made(simulation: Any) -> None:
    one, two = simulation(f"{__name__}:attributes_apart")
    library = [0, *one[0][0][1:]]
    assert library == [0, library[1], *FRESH[2:]]
    assert one[0][1] == FRESH
    assert one[1][0] == [SET[0], library[1] + 1, *SET[2:]]
    assert one[1][1] == SET
    assert one[2][0] == [logging.DEBUG, 0, 1, False, True, False, False, logging.DEBUG]
    assert two == [[library, FRESH]] * 3


def records_apart() -> dict[str, Any]:
    logger = logging.getLogger(LIBRARY)
    heard: dict[str, Heard] = {}

    def program(name: str, level: int) -> Any:
        def run() -> Iterator[Any]:
            heard[name] = Heard()
            logging.getLogger("urllib3").addHandler(heard[name])
            logger.setLevel(level)
            yield None
            logger.debug("a detail of %s", name)
            logger.warning("a warning of %s", name)
            yield None

        return run

    side_by_side(program("one", logging.DEBUG), program("two", logging.WARNING))
    logger.error("of the harness")
    return {name: handler.messages for name, handler in heard.items()}


def test_records_go_to_the_handlers_of_the_process_that_logs() -> None:
    assert in_simulation(f"{__name__}:records_apart") == {
        "one": ["a detail of one", "a warning of one"],
        "two": ["a warning of two"],
    }


def everything_else() -> list[list[Any]]:
    class Own(logging.Logger):
        pass

    def one() -> Iterator[Any]:
        logging.disable(logging.ERROR)
        yield logging.getLogger("a").isEnabledFor(logging.ERROR)
        logging.setLoggerClass(Own)
        logging.setLogRecordFactory(lambda *a, **k: logging.makeLogRecord({"msg": "factory of one"}))
        logging.lastResort = Heard()
        logging.captureWarnings(True)
        yield logging.getLoggerClass().__name__

    def two() -> Iterator[Any]:
        yield logging.getLogger("a").isEnabledFor(logging.ERROR)
        made = logging.getLogRecordFactory()("n", 20, "p", 1, "plain", (), None)
        yield [logging.getLoggerClass().__name__, made.getMessage(), type(logging.lastResort).__name__,
               PRIVATE._warnings_showwarning is None]  # fmt: skip

    return side_by_side(one, two)


def test_disable_logger_class_record_factory_last_resort_and_captured_warnings_are_per_process() -> None:
    one, two = in_simulation(f"{__name__}:everything_else")
    assert one == [False, "Own"]
    assert two == [True, ["Logger", "plain", "_StderrHandler", True]]


def configured() -> list[list[Any]]:
    heard: list[Heard] = []

    def one() -> Iterator[Any]:
        heard.append(Heard())
        heard[0].name = "console"
        logging.getLogger().addHandler(heard[0])
        yield PRIVATE._handlers["console"] is heard[0]
        logging.getLogger().warning("still open")
        yield [heard[0].closed, heard[0].messages, logging.getLogger("a.b").disabled]

    def two() -> Iterator[Any]:
        logging.getLogger("a.b")
        configuration = {
            "version": 1,
            "handlers": {"console": {"class": "logging.NullHandler"}},
            "root": {"handlers": ["console"], "level": "DEBUG"},
        }
        logging.config.dictConfig(configuration)
        yield [len(logging.getLogger().handlers), logging.getLogger("a.b").disabled]
        logging.shutdown()
        yield heard[0].closed

    return side_by_side(one, two)


def test_dict_config_and_shutdown_close_the_handlers_of_their_own_process_alone() -> None:
    one, two = in_simulation(f"{__name__}:configured")
    assert one == [True, [False, ["still open"], False]]
    assert two == [[1, True], False]


def loaded_in_one() -> list[list[Any]]:
    source = "import logging\nlogging.getLogger('shared').addHandler(logging.NullHandler())\n"
    module = types.ModuleType("shared")
    module.__spec__ = ModuleSpec("shared", None)
    module.__spec__._initializing = True  # type: ignore[attr-defined]  # as importlib marks one that it loads

    def shown() -> int:
        return len(logging.getLogger("shared").handlers)

    def one() -> Iterator[Any]:
        exec(compile(source, "shared.py", "exec"), vars(module))
        yield shown()
        logging.getLogger("shared").handlers.clear()
        yield shown()

    def two() -> Iterator[Any]:
        yield shown()
        yield shown()

    return side_by_side(one, two)


def test_what_a_shared_library_sets_up_as_it_is_loaded_all_processes_have() -> None:
    assert in_simulation(f"{__name__}:loaded_in_one") == [[1, 0], [1, 1]]
