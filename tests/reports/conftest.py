"""The storm's run folder, written once per worker: reports only add files to it."""

from pathlib import Path

import pytest

from reports.run import Run, read
from tests.reports.storm import write_storm


@pytest.fixture(scope="session")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_storm(tmp_path_factory.mktemp("storm"))


@pytest.fixture(scope="session")
def run(storm: Path) -> Run:
    return read(storm)
