"""Fault specs: contradictions are refused with a remedy."""

import pytest
from pydantic import ValidationError

from fakes.seam import Distort
from harness.faults.spec import FaultSpec

CALL = {"service": "bigquery"}
REFUSE = {"status": 503}


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"call": CALL}, "has no action; give exactly one of refuse, delay"),
        ({"call": CALL, "refuse": REFUSE, "delay": "1s"}, "has refuse and delay"),
        ({"refuse": REFUSE}, "strikes nothing; say which calls"),
        ({"crash": {"process": "p"}}, "strikes nothing.*or when, as in 'at: 2h'"),
        (
            {"call": CALL, "refuse": REFUSE, "phase": "after"},
            "refuse happens before the effect; for after it use lose_reply",
        ),
        ({"call": CALL, "lose_reply": {}, "phase": "before"}, "lose_reply happens after the effect"),
        ({"call": CALL, "refuse": REFUSE, "phase": "mid"}, "needs 'edge'"),
        (
            {"call": CALL, "truncate": {"after_bytes": 1}, "phase": "mid", "edge": "e"},
            "truncate happens after the effect",
        ),
        ({"call": CALL, "refuse": REFUSE, "edge": "e"}, "'edge' goes with 'phase: mid' only"),
        ({"at": "1h", "refuse": REFUSE}, "'at' is for process faults"),
        ({"at": "1h", "crash": {"process": "p"}, "call": CALL}, "'at' and a call or window"),
        ({"at": "1h", "crash": {"process": "caller"}}, "nobody calls at a time"),
        ({"at_yield": 3, "refuse": REFUSE}, "'at_yield' is for process faults"),
        ({"at_yield": 3, "crash": {"process": "p"}, "at": "1h"}, "'at_yield' and 'at', a call or a window"),
        ({"at_yield": 3, "crash": {"process": "p"}, "call": CALL}, "'at_yield' and 'at', a call or a window"),
        ({"at_yield": 3, "crash": {"process": "caller"}}, "nobody calls at a yield"),
        ({"at_yield": 0, "crash": {"process": "p"}}, "greater than or equal to 1"),
        ({"call": CALL, "refuse": REFUSE, "until": "2h", "for": "1h"}, "both 'until' and 'for'"),
        ({"call": CALL, "delay": 5}, "needs a unit"),
        ({"call": CALL, "distort": {}}, "distort says no way; give one or more of hide_partition"),
        ({"call": CALL, "distort": {"drop_rows": 1.5}}, "less than or equal to 1"),
        ({"call": CALL, "distort": {"drop_rows": 0.5}, "phase": "after"}, "distort happens before the effect"),
        ({"call": CALL, "refuse": REFUSE, "from": "16:30"}, "no date and time with a zone"),
        ({"call": CALL, "refuse": REFUSE, "from": "2026-01-16T16:30:00"}, "has no zone"),
        ({"call": CALL, "refuse": REFUSE, "probability": 1.5}, "less than or equal to 1"),
        ({"call": CALL, "refuse": REFUSE, "count": 0}, "greater than or equal to 1"),
        ({"call": CALL, "refuse": {"status": 503, "reson": "x"}}, "no key 'reson' here; did you mean 'reason'"),
        ({"call": {"serivce": "x"}, "refuse": REFUSE}, "no key 'serivce' here; did you mean 'service'"),
        ({"call": CALL, "refuse": REFUSE, "propability": 0.5}, "did you mean 'probability'"),
        ({"call": {"headers": {"X-Trace": "a"}}, "refuse": REFUSE}, "write 'x-trace'"),
    ],
)
def test_a_contradictory_fault_is_refused_with_the_remedy(fault, says):
    with pytest.raises(ValidationError, match=says):
        FaultSpec.model_validate({"id": "f", **fault})


def test_a_distortion_is_the_seams_verdict():
    ways = {"hide_partition": "20260115", "hide_streamed": "5m", "rename_columns": {"a": "b"}, "drop_columns": ["c"]}
    verdict = FaultSpec.model_validate({"id": "f", "call": CALL, "distort": ways}).verdict()
    assert verdict == Distort("20260115", 300.0, 0.0, 0.0, ("c",), {"a": "b"})
    assert verdict.ways() == ("hide_partition", "hide_streamed_s", "drop_columns", "rename_columns")
