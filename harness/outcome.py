"""Outcomes: what the checks concluded from one world's history, in the published `outcome.json` format.

Three-valued throughout: whatever leaves room for doubt is `unknown`, and unknown is never a pass. This module must not
know how a history is read, which checks there are, or how an outcome is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from harness.durable import write_whole

Engine = Literal["sim", "wire"]


class Verdict(StrEnum):
    """What is concluded: `pass`, `fail`, or `unknown` where the run does not allow either."""

    PASS = "pass"  # noqa: S105 - the word of the published format, no password
    FAIL = "fail"
    UNKNOWN = "unknown"

    @staticmethod
    def combine(verdicts: Iterable[Verdict]) -> Verdict:
        """Any fail makes a fail; else any unknown, or nothing at all, makes an unknown; else it is a pass."""
        seen = set(verdicts)
        if Verdict.FAIL in seen:
            return Verdict.FAIL
        return Verdict.PASS if seen == {Verdict.PASS} else Verdict.UNKNOWN


class Record(BaseModel):
    """A value of a published format: immutable, no fields beyond the listed ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")


R = TypeVar("R", bound=Record)


class Evidence(Record):
    """Something to look at: an event of the history (its `seq` and `t_ns`), or a text alone such as a traceback."""

    text: str
    seq: int | None = Field(default=None, description="The event in history.jsonl, null where there is no single one.")
    t_ns: int | None = Field(default=None, description="Virtual nanoseconds since the start of the run.")


class Finding(Record):
    """What one check found in one history."""

    check: str = Field(description="The check's name with what it was asked, as in `recovered-within 30m`.")
    verdict: Verdict
    measured: JsonValue = Field(default=None, description="What was measured, null where nothing could be.")
    bound: JsonValue = Field(default=None, description="What it was held against, in the same unit.")
    margin: float | None = Field(
        default=None, description="Room left to the bound in that unit; negative when it is broken, null for no number."
    )
    reason: str = Field(default="", description="One sentence that says why, for people.")
    evidence: tuple[Evidence, ...] = ()


class FaultAccount(Record):
    """What became of one planned fault.

    `planned` is how many firings the run needs to count as having seen the fault (`at_least` in the scenario: 1 unless
    said otherwise, 0 for a fault that may stay silent); `masked` counts calls it would have struck had no earlier fault
    of the file struck them first.
    """

    id: str
    planned: int = Field(ge=0)
    fired: int = Field(ge=0)
    masked: int = Field(ge=0)

    @property
    def verdict(self) -> Verdict:
        """Unknown where the fault was seen less often than planned: the run does not show what it set out to show."""
        return Verdict.PASS if self.fired >= self.planned else Verdict.UNKNOWN

    def finding(self) -> Finding:
        """The same as a finding, so that a reader of findings alone sees why a run is unknown."""
        silent = "" if self.verdict is Verdict.PASS else "the fault was planned but did not strike as often; "
        masked = f"{self.masked} of its calls were struck by an earlier fault" if self.masked else ""
        return Finding(
            check=f"fault {self.id} fired",
            verdict=self.verdict,
            measured=self.fired,
            bound=self.planned,
            margin=self.fired - self.planned,
            reason=(silent + masked).rstrip("; "),
        )


class Outcome(Record):
    """What came of one world of one run: `outcome.json`."""

    scenario: str
    world: str
    seed: int
    engine: Engine
    release: str = Field(description="What was under test: the commit, `+dirty` when the tree was changed.")
    verdict: Verdict
    history_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes of history.jsonl.")
    virtual_s: float = Field(ge=0)
    wall_s: float = Field(ge=0)
    events: int = Field(ge=0)
    findings: tuple[Finding, ...]
    faults: tuple[FaultAccount, ...]
    metrics: dict[str, JsonValue]

    @staticmethod
    def judge(findings: Sequence[Finding], faults: Sequence[FaultAccount]) -> Verdict:
        """Combine what checks found with what became of the faults; no findings at all is unknown."""
        if not findings:
            return Verdict.UNKNOWN
        return Verdict.combine([*(finding.verdict for finding in findings), *(fault.verdict for fault in faults)])

    def dump(self) -> bytes:
        """The bytes of `outcome.json`: UTF-8, keys sorted, indented for people."""
        return dump(self)

    def write(self, path: Path) -> None:
        """Write `outcome.json` whole or not at all; OSError where that is impossible."""
        write_whole(path, self.dump())

    @classmethod
    def read(cls, path: Path) -> Outcome:
        """The outcome in `path`; OSError if it can't be read, `RecordError` if it is no outcome."""
        return read(cls, path)


class RecordError(ValueError):
    """A file that does not hold what its format promises; the message names the file and the field."""


def dump(record: Record) -> bytes:
    """A record as JSON for files: UTF-8, keys sorted, two spaces of indent, a newline at the end."""
    return orjson.dumps(
        record.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )


def read(kind: type[R], path: Path) -> R:
    """The record of `kind` in `path`; OSError if it can't be read, `RecordError` if it holds something else."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise RecordError(
            f"{path} is no {kind.__name__.lower()} of this version: {where}: {first['msg']}; run the scenario anew"
        ) from error
