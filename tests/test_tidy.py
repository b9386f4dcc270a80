"""What a reviewer would have to say again and again, said once: rules about the code itself.

Each rule is a function from a module's source to the lines that break it, tried on a culprit and on an innocent below.
"""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 450
TABLES: dict[str, str] = {}
"""Modules that may be longer, and why."""

MAY_PRINT = {"start.py", "requirements/lock.py", "benchmarks"}
"""The command line is free to print too: `harness/cli.py` or all below `harness/cli/`."""

REAL_TIME: dict[str, str] = {
    "harness/sim/clock.py": "replaces the clocks, so it must name them",
    "harness/cli": "an ordinary process: progress bars and names of run folders",
    "harness/runner.py": "how long a child took that was killed before it could say so itself",
    "harness/sim/rpc": "runs inside the simulation, as the client library would: its `time.time` is the virtual one",
    "fakes/wire": "the surroundings of an emulator on a real socket: its clock is the wall's",
}
"""Where `fakes` and `harness` may ask the machine for the time or for chance: a module or folder, and why."""

CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime"},
    "datetime.datetime": {"now", "utcnow", "today"},
    "datetime.date": {"today"},
}
DICE = {
    "random": {
        *("random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss", "seed"),
        *("expovariate", "normalvariate", "lognormvariate", "betavariate", "triangular", "getrandbits", "randbytes"),
    },
    "os": {"urandom"},
    "uuid": {"uuid1", "uuid4"},
    "secrets": {"token_hex", "token_bytes", "token_urlsafe", "randbelow", "randbits", "choice"},
}


def sources(*tops: str) -> list[Path]:
    """All Python files that git knows or would add, below `tops` (everything when none is given)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "*.py"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    paths = sorted(name for name in listed if name and (ROOT / name).exists())
    return [ROOT / name for name in paths if not tops or name.split("/", maxsplit=1)[0] in tops]


def listed(path: Path, names: set[str]) -> bool:
    name = path.relative_to(ROOT).as_posix()
    return any(name == one or name.startswith(one + "/") for one in names)


# --------------------------------------------------------------------------------------------------------------------
# The rules


REASONED_IGNORE = re.compile(
    r"""( noqa: \s* [A-Z]+\d+ (, \s* [A-Z]+\d+)* | type: \s* ignore \[ [\w, -]+ \] | pragma: \s no \s (cover|branch) )
        \s* [-–#:] \s* \S.{3}""",
    re.VERBOSE,
)


def bare_ignores(source: str) -> Iterator[int]:
    """An ignore names its rule and has its reason beside it: `# noqa: X123 - why`, `# type: ignore[code]  # why`."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        comment = token.string
        if token.type != tokenize.COMMENT or not re.search(r"#\s*(noqa|type:\s*ignore|ruff:|pragma:|nosec)", comment):
            continue
        if not REASONED_IGNORE.search(comment):
            yield token.start[0]


def prints(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Local name -> the dotted name it was imported as."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _spelt(node: ast.expr, aliases: dict[str, str]) -> str:
    """The dotted name of what is called, with the module's aliases undone."""
    tail: list[str] = []
    while isinstance(node, ast.Attribute):
        tail.insert(0, node.attr)
        node = node.value
    return ".".join([aliases.get(node.id, node.id), *tail]) if isinstance(node, ast.Name) else ""


def calls(source: str) -> Iterator[tuple[ast.Call, str]]:
    tree = ast.parse(source)
    aliases = _aliases(tree)
    yield from ((node, _spelt(node.func, aliases)) for node in ast.walk(tree) if isinstance(node, ast.Call))


def real_time_or_dice(source: str) -> Iterator[int]:
    for call, name in calls(source):
        owner, _, function = name.rpartition(".")
        unseeded = name == "random.Random" and not call.args
        if unseeded or name == "random.SystemRandom" or function in (CLOCKS | DICE).get(owner, ()):
            yield call.lineno


def sleeping_tests(source: str) -> Iterator[int]:
    """A sleep right inside a test or a fixture waits for the wall; one that runs in sim does not."""
    tree = ast.parse(source)
    aliases = _aliases(tree)

    def own(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                yield child
                yield from own(child)

    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        is_fixture = any("fixture" in ast.dump(decorator) for decorator in function.decorator_list)
        in_sim = any(
            name in ast.dump(decorator) for decorator in function.decorator_list for name in ("simulated", "contract")
        )
        if (function.name.startswith("test_") or is_fixture) and not in_sim:
            for node in own(function):
                if isinstance(node, ast.Call) and _spelt(node.func, aliases) in ("time.sleep", "gevent.sleep"):
                    yield node.lineno


IMMUTABLE_CALLS = {
    *("frozenset", "tuple", "int", "float", "str", "bytes", "bool", "object", "slice", "range"),
    *("types.MappingProxyType", "re.compile", "logging.getLogger", "pathlib.Path", "zoneinfo.ZoneInfo"),
    *("datetime.timedelta", "datetime.time", "datetime.date", "datetime.datetime", "decimal.Decimal"),
    *("typing.TypeVar", "typing.NewType", "typing.ParamSpec", "collections.namedtuple", "enum.auto"),
    *("dataclasses.field", "operator.attrgetter", "operator.itemgetter", "functools.partial"),
    *("pydantic.Field", "pydantic.ConfigDict"),
    # Retries of google-api-core are immutable: each of these returns a new one.
    *(f"google.cloud.{of}.retry.DEFAULT_RETRY.with_timeout" for of in ("storage", "bigquery")),
    "google.api_core.retry.Retry",
}
MUTABLE_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)


def frozen_classes(trees: list[ast.Module]) -> set[str]:
    """Names of the frozen dataclasses, named tuples and enums the modules define: instances of them cannot change."""
    names = set()
    for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        frozen = any("frozen" in ast.dump(decorator) for decorator in node.decorator_list)
        if frozen or any("NamedTuple" in ast.dump(base) or "Enum" in ast.dump(base) for base in node.bases):
            names.add(node.name)
    return names


def shared_state(source: str, frozen: set[str] = frozenset()) -> Iterator[int]:  # type: ignore[assignment]  # read only
    """Module-level state: containers and objects bound outside functions, `global`, and cached functions.

    Two simulated instances of a service share none of it with a real pair, so it would hide what production shows.
    """
    tree = ast.parse(source)
    aliases = _aliases(tree)

    def changes(value: ast.expr | None) -> bool:
        match value:
            case (
                None | ast.Constant() | ast.Name() | ast.Attribute() | ast.Lambda() | ast.JoinedStr() | ast.Subscript()
            ):
                return False
            case ast.Starred():
                return changes(value.value)
            case ast.Tuple():
                return any(changes(item) for item in value.elts)
            case ast.BinOp():
                return changes(value.left) or changes(value.right)
            case ast.UnaryOp() | ast.Compare() | ast.BoolOp():
                return False
            case ast.Call():
                name = _spelt(value.func, aliases)
                return name not in IMMUTABLE_CALLS and name.rpartition(".")[2] not in frozen
            case _:
                return isinstance(value, (*MUTABLE_DISPLAYS, ast.expr))

    def bodies(node: ast.Module | ast.ClassDef | ast.If | ast.Try) -> Iterator[ast.stmt]:
        for statement in node.body:
            yield statement
            if isinstance(statement, ast.ClassDef | ast.If | ast.Try):
                yield from bodies(statement)

    for statement in bodies(tree):
        dunder = isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]).startswith("__")
        if isinstance(statement, ast.Assign | ast.AnnAssign) and not dunder and changes(statement.value):
            yield statement.lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield node.lineno
        elif isinstance(node, ast.FunctionDef):
            yield from (d.lineno for d in node.decorator_list if re.search(r"\b(lru_cache|cache)\b", ast.unparse(d)))


def undescribed(source: str) -> Iterator[int]:
    if source.strip() and ast.get_docstring(ast.parse(source)) is None:
        yield 1


def too_long(source: str) -> Iterator[int]:
    if source.count("\n") > LONGEST_MODULE:
        yield LONGEST_MODULE + 1


# --------------------------------------------------------------------------------------------------------------------
# The rules on our code


def broken(rule: Callable[[str], Iterator[int]], paths: list[Path]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}" for path in paths for line in rule(path.read_text("utf-8"))]


def test_every_ignore_has_its_reason_beside_it() -> None:
    assert broken(bare_ignores, sources()) == []


def test_every_rule_switched_off_in_pyproject_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    lint = text[text.index("[tool.ruff.lint]") : text.index("[tool.mypy]")]
    switched_off = [line for line in lint[lint.index("ignore =") :].splitlines() if re.search(r'"[A-Z]+\d*"', line)]
    assert len(switched_off) > 2
    assert [line for line in switched_off if not re.search(r"#\s*\w{2}", line)] == []


def test_only_the_command_line_prints() -> None:
    inner = [path for path in sources() if path.relative_to(ROOT).parts[0] != "tests"]
    cli = {"harness/cli", "harness/cli.py"}
    assert broken(prints, [path for path in inner if not listed(path, MAY_PRINT | cli)]) == []


def test_time_and_chance_come_from_the_run() -> None:
    ours = [path for path in sources("fakes", "harness") if not listed(path, set(REAL_TIME))]
    assert broken(real_time_or_dice, ours) == []


def test_no_test_waits_for_the_wall() -> None:
    users = "tests/projects"  # what users write: their tests run in sim
    ours = [path for path in sources("tests") if not listed(path, {users})]
    assert broken(sleeping_tests, ours) == []


def test_the_pipeline_keeps_nothing_at_module_level() -> None:
    paths = sources("pipeline")
    frozen = frozen_classes([ast.parse(path.read_text("utf-8")) for path in paths])
    assert broken(lambda source: shared_state(source, frozen), paths) == []


def test_every_module_says_why_it_exists() -> None:
    assert broken(undescribed, sources()) == []


def test_no_module_is_longer_than_450_lines() -> None:
    assert broken(too_long, [path for path in sources() if not listed(path, set(TABLES))]) == []


# --------------------------------------------------------------------------------------------------------------------
# The rules on culprits and innocents


@pytest.mark.parametrize(
    ("rule", "culprit"),
    [
        (bare_ignores, "x = 1  # noqa"),
        (bare_ignores, "x = 1  # noqa: E501"),
        (bare_ignores, "x = 1  # type: ignore  # it is fine"),
        (bare_ignores, "x = 1  # type: ignore[attr-defined]"),
        (prints, "def f():\n    print('x')"),
        (real_time_or_dice, "import time\ntime.time()"),
        (real_time_or_dice, "from time import monotonic as m\nm()"),
        (real_time_or_dice, "import datetime as dt\ndt.datetime.now(dt.UTC)"),
        (real_time_or_dice, "from datetime import date\ndate.today()"),
        (real_time_or_dice, "import random\nrandom.random()"),
        (real_time_or_dice, "from random import Random\nRandom()"),
        (real_time_or_dice, "import uuid\nuuid.uuid4()"),
        (sleeping_tests, "import time\ndef test_x():\n    for _ in range(3):\n        time.sleep(1)"),
        (sleeping_tests, "from time import sleep\n@pytest.fixture\ndef server():\n    sleep(1)"),
        (shared_state, "seen = {}"),
        (shared_state, "class A:\n    seen: list[str] = []"),
        (shared_state, "from google.cloud import bigquery\nCLIENT = bigquery.Client()"),
        (shared_state, "def f():\n    global n\n    n = 1"),
        (shared_state, "from functools import lru_cache\n@lru_cache\ndef f(): ..."),
        (shared_state, "PAIRS = ((1, []),)"),
        (undescribed, "import os"),
        (too_long, "x = 1\n" * 451),
    ],
)
def test_a_culprit_is_caught(rule: Callable[[str], Iterator[int]], culprit: str) -> None:
    assert len(list(rule(culprit))) == 1


@pytest.mark.parametrize(
    ("rule", "innocent"),
    [
        (bare_ignores, "x = 1  # noqa: E501 - the URL cannot be wrapped"),
        (bare_ignores, "x = 1  # type: ignore[attr-defined]  # the library ships no types"),
        (prints, "def f(console):\n    console.print('x')"),
        (real_time_or_dice, "import random\nrandom.Random(f'{seed}/x').random()"),
        (real_time_or_dice, "def f(around):\n    return around.now_ns()"),
        (real_time_or_dice, "import datetime as dt\ndt.datetime.fromtimestamp(0, dt.UTC)"),
        (
            sleeping_tests,
            "import time\ndef test_x():\n    def program():\n        time.sleep(1)\n    simulate(program)",
        ),
        (shared_state, "import re\nNAMES = ('a', 'b')\nN = 2 * 3\nP = re.compile('x')\n__all__ = ['x']"),
        (shared_state, "from types import MappingProxyType\nM = MappingProxyType({'a': 1})"),
        (undescribed, '"""Why."""'),
        (undescribed, ""),
        (too_long, "x = 1\n" * 450),
    ],
)
def test_an_innocent_is_let_go(rule: Callable[[str], Iterator[int]], innocent: str) -> None:
    assert list(rule(innocent)) == []


def test_an_instance_of_a_frozen_class_is_not_state() -> None:
    policy = "@dataclass(frozen=True)\nclass Retry:\n    attempts: int\n"
    assert list(shared_state(policy + "DEFAULT = Retry(3)", frozen_classes([ast.parse(policy)]))) == []
    assert list(shared_state(policy + "DEFAULT = Retry(3)")) == [4]
