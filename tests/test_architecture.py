"""The design as a test: who may import whom, exactly as docs/architecture.md says, with no exceptions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("pipeline", "fakes", "harness", "scenarios", "reports")
OURS = {*PACKAGES, "tests", "benchmarks", "start"}

ALLOWED = {
    "pipeline": {"pipeline"},
    "fakes": {"fakes"},
    "harness": {"harness", "fakes.seam"},
    "scenarios": {"scenarios", "pipeline", "fakes", "harness", "reports"},
    "reports": {"reports", "harness.history", "harness.outcome", "harness.run_record"},
}
"""Package -> the modules of ours it may import; a package or module named here stands for all that is below it."""

BY_NAME = {"harness": {"reports", "fakes"}}
"""What may be opened by a literal name at run time: the command line loads reports, a world its back ends."""

SIMULATORS = {"gevent", "greenlet", "time_machine", "simpy"}
VENDORS = {"google", "boto3", "botocore", "redis", "requests", "flask"}


def modules(package: str, root: Path = ROOT) -> list[Path]:
    return sorted((root / package).rglob("*.py"))


def dotted(path: Path, root: Path = ROOT) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, package: str) -> Iterator[tuple[int, str]]:
    """Yield (line, absolute dotted name) of every import statement, inside functions and TYPE_CHECKING included.

    `from a import b` yields `a.b`: whether b is a module cannot be seen from here, and a prefix test does not care.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def opened_by_name(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, name) of every `import_module("…")` and `__import__("…")` whose name is spelt out."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        name = node.args[0]
        if function in ("import_module", "__import__") and isinstance(name, ast.Constant):
            yield node.lineno, str(name.value)


def within(name: str, allowed: set[str]) -> bool:
    return any(name == one or name.startswith(one + ".") for one in allowed)


def offences(path: Path, root: Path = ROOT) -> list[str]:
    """Return what `path` imports of ours against the table, one line each."""
    source, name = path.read_text("utf-8"), dotted(path, root)
    top = name.split(".", maxsplit=1)[0]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    allowed = ALLOWED[top]
    found = [(line, it) for line, it in imports(source, package) if not within(it, allowed)]
    found += [(line, it) for line, it in opened_by_name(source) if not within(it, allowed | BY_NAME.get(top, set()))]
    return [f"{name}:{line} imports {it}" for line, it in found if it.split(".", maxsplit=1)[0] in OURS]


def back_ends(root: Path = ROOT) -> set[str]:
    """Packages in `fakes` with a `create`; one without (`fakes.wire`) is ground that all of them may stand on."""
    packages = (root / "fakes").glob("*/__init__.py")
    return {path.parent.name for path in packages if re.search(r"\bcreate\b", path.read_text("utf-8"))}


def neighbour_offences(path: Path, root: Path = ROOT) -> list[str]:
    """Return what a module below `fakes/x/` imports of `fakes/y/`."""
    name = dotted(path, root)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    own = name.split(".")[1] if name.count(".") else ""
    others = {f"fakes.{other}" for other in back_ends(root) - {own}}
    return [f"{name}:{n} imports {it}" for n, it in imports(path.read_text("utf-8"), package) if within(it, others)]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_follow_the_table(package: str) -> None:
    assert [line for path in modules(package) for line in offences(path)] == []


def test_no_back_end_imports_another() -> None:
    """They meet through `Surroundings.peer`; what all of them share lies directly in `fakes/`."""
    assert [line for path in modules("fakes") for line in neighbour_offences(path)] == []


def third_party(package: str, banned: set[str]) -> list[str]:
    return [
        f"{dotted(path)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imports(path.read_text("utf-8"), dotted(path).rpartition(".")[0])
        if name.split(".", maxsplit=1)[0] in banned
    ]


def test_the_pipeline_knows_no_simulator() -> None:
    assert third_party("pipeline", SIMULATORS) == []


def test_the_harness_knows_no_vendor() -> None:
    """It hooks transports (sockets, gRPC channels), never a service's client library."""
    assert third_party("harness", VENDORS) == []


def test_the_table_is_the_documented_one() -> None:
    """Each row of docs/architecture.md names what ALLOWED names for that package."""
    rows = [line.split("|") for line in (ROOT / "docs/architecture.md").read_text("utf-8").splitlines()]
    documented = {row[1].strip(" `/"): row[3] for row in rows if len(row) == 5 and row[1].strip(" `/") in ALLOWED}
    assert documented.keys() == ALLOWED.keys()
    for package, allowed in ALLOWED.items():
        if package != "scenarios":  # "all of them"
            for name in allowed - {package}:
                assert f"`{name}`" in documented[package]


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("pipeline/a.py", "import harness"),
        ("pipeline/a.py", "def f():\n    from fakes import seam"),
        ("pipeline/a.py", "from importlib import import_module\nimport_module('reports.html')"),
        ("fakes/a.py", "from harness.history import read"),
        ("harness/sim/a.py", "from fakes.gate import Gate"),
        ("harness/sim/a.py", "from fakes import gate"),
        ("harness/a.py", "import reports.html"),
        ("reports/a.py", "from harness import runner"),
        ("reports/a.py", "from harness.outcomes import x"),
        ("reports/a.py", "if TYPE_CHECKING:\n    from ..harness.sim import kernel"),
        ("scenarios/a.py", "import tests.fakes"),
    ],
)
def test_a_wrong_direction_is_seen(tmp_path: Path, where: str, source: str) -> None:
    path = tmp_path / where
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert len(offences(path, tmp_path)) == 1


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("pipeline/a.py", "from pipeline import b\nfrom . import c\nimport json"),
        ("harness/a.py", "from fakes.seam import Call\nfrom fakes import seam\nimport_module('reports.html')"),
        ("harness/sim/a.py", "from .kernel import run\nfrom ..history import History"),
        ("reports/a.py", "from harness.history import read\nfrom harness import outcome"),
        ("scenarios/a.py", "import fakes.gate, harness.runner, pipeline"),
    ],
)
def test_a_right_direction_is_left_alone(tmp_path: Path, where: str, source: str) -> None:
    path = tmp_path / where
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert offences(path, tmp_path) == []


def test_a_look_at_the_neighbour_is_seen(tmp_path: Path) -> None:
    reaching = "from fakes.pubsub import broker\nfrom fakes.wire import real\nfrom fakes.seam import Call"
    packages = {"gcs": reaching, "pubsub": "def create(around): ...", "wire": ""}
    for name, source in packages.items():
        (tmp_path / "fakes" / name).mkdir(parents=True)
        (tmp_path / "fakes" / name / "__init__.py").write_text(source)
    [line] = neighbour_offences(tmp_path / "fakes" / "gcs" / "__init__.py", tmp_path)
    assert "fakes.pubsub" in line
