"""The logging query language: what a filter selects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.logging.query import compile_query
from fakes.seam import GrpcError

ENTRY = {
    "logName": "projects/p1/logs/run.googleapis.com%2Fstderr",
    "severity": "ERROR",
    "timestamp": "2026-01-16T09:00:00.500Z",
    "insertId": "abc-1",
    "resource": {"type": "cloud_run_revision", "labels": {"service_name": "nba-phase3"}},
    "labels": {"k8s-pod/app.name": "worker", "dotted.key": "yes"},
    "jsonPayload": {
        "message": "Quota exceeded for table player_game_summary",
        "rows": 12.0,
        "retry": True,
        "nothing": None,
        "errors": [{"reason": "rateLimitExceeded"}, {"reason": "backendError"}],
    },
    "httpRequest": {"status": 503, "latency": "1.250s", "requestSize": "2048"},
}


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "severity=ERROR",
        "severity>=WARNING AND severity<CRITICAL",
        "severity = error",
        'timestamp>="2026-01-16T09:00:00Z" timestamp<"2026-01-16T09:00:01Z"',
        'timestamp>="2026-01-16"',
        'timestamp="2026-01-16T04:00:00.5-05:00"',
        'resource.type="cloud_run_revision"',
        'resource.labels.service_name="NBA-PHASE3"',
        'resource.type=("cloud_function" OR "cloud_run_revision")',
        "jsonPayload.message:quota",
        'jsonPayload.message=~"^Quota .* player_\\w+$"',
        'jsonPayload.message!~"^quota"',
        "json_payload.rows>11.5",
        "jsonPayload.retry=true",
        "jsonPayload.nothing=NULL_VALUE",
        "jsonPayload.errors.reason=backendError",
        "jsonPayload.rows:*",
        "NOT jsonPayload.missing:*",
        "-severity=INFO",
        "httpRequest.status=503 httpRequest.latency>1s httpRequest.requestSize>=2048",
        'labels."k8s-pod/app.name"=worker',
        "labels.dotted.key=yes",
        'logName="projects/p1/logs/run.googleapis.com%2Fstderr"',
        '"player_game_summary"',
        "summary quota",
        "severity=INFO OR severity=ERROR",
        # OR binds tighter than AND.
        "severity=ERROR OR severity=INFO AND resource.type:run",
        "(severity=INFO AND resource.type:run) OR insertId=abc-1",
        "severity=ERROR -- the rest of the line is a comment\nresource.type:run",
        "jsonPayload.message:(quota AND exceeded)",
    ],
)
def test_it_matches(expression):
    assert compile_query(expression)(ENTRY)


@pytest.mark.parametrize(
    "expression",
    [
        "severity>ERROR",
        "severity=NONSENSE",
        'timestamp<"2026-01-16T09:00:00Z"',
        "jsonPayload.missing=1",
        "jsonPayload.missing!=1",
        'jsonPayload.message=~"^quota"',
        "textPayload:quota",
        "severity=ERROR AND severity=INFO",
        "severity=INFO OR severity=ERROR AND resource.type:function",
        "httpRequest.latency>1500ms",
        "jsonPayload=quota",
        "nowhere",
        "NOT (severity=ERROR OR severity=INFO)",
    ],
)
def test_it_does_not_match(expression):
    assert not compile_query(expression)(ENTRY)


@pytest.mark.parametrize(
    "expression",
    ["severity=", "AND", "severity=ERROR AND", "(severity=ERROR", "severity=ERROR)", 'a=~"("', "insertId=abc:def", "="],
)
def test_an_illegal_filter_is_refused(expression):
    with pytest.raises(GrpcError) as refused:
        compile_query(expression)
    assert refused.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ('log_id("run.googleapis.com/stderr")', True),
        ('log_id("run.googleapis.com/stdout") OR severity=ERROR', True),
        ('log_id("stderr")', False),
        ('ip_in_net(jsonPayload.ip, "10.1.0.0/16")', True),
        ('ip_in_net(jsonPayload.ip, "10.2.0.0/16")', False),
        ('ip_in_net(jsonPayload.ip, "2001:db8::/32")', False),
        ('ip_in_net(jsonPayload.message, "10.1.0.0/16")', False),
        ('SEARCH("EXCEEDED quota")', True),
        ('SEARCH(jsonPayload.message, "quota table")', True),
        ('search(jsonPayload.message, "quo")', False),
        ('NOT SEARCH(insertId, "quota") AND severity=ERROR', True),
        ("sample(insertId, 1)", True),
        ("sample(insertId, 0.0)", False),
        ("sample(missing, 1)", False),
    ],
)
def test_functions_select(expression, selected):
    entry = {**ENTRY, "jsonPayload": {**ENTRY["jsonPayload"], "ip": "10.1.2.3"}}
    assert compile_query(expression)(entry) is selected


def test_a_sample_is_the_share_it_says_and_the_same_each_time():
    chosen = [number for number in range(2_000) if compile_query("sample(insertId, 0.25)")({"insertId": f"id{number}"})]
    assert 400 < len(chosen) < 600
    assert chosen == [n for n in range(2_000) if compile_query("sample(insertId, 0.25)")({"insertId": f"id{n}"})]


@pytest.mark.parametrize(
    "expression",
    [
        "log_id()", "log_id(", 'log_id("a" "b")', 'log_id("a", "b")', "sample(insertId)", "sample(insertId, 2)",
        'sample("a", 0.5)', 'ip_in_net(a, "nonsense")', 'SEARCH("")', 'SEARCH("a", "b")',
    ],
)  # fmt: skip
def test_a_function_called_wrongly_is_refused(expression):
    with pytest.raises(GrpcError) as refused:
        compile_query(expression)
    assert refused.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "expression", ["cast(jsonPayload.rows, string)=1", "source(projects/p)", 'regexp_extract(a, "b")']
)
def test_other_functions_are_refused_as_not_emulated(expression):
    with pytest.raises(GrpcError, match="does not do the function") as refused:
        compile_query(expression)
    assert refused.value.code == "UNIMPLEMENTED"


@given(st.text(alphabet='severity=ERO<>!:~()"-. ANDT*\\5', max_size=30))
def test_any_text_is_a_filter_or_refused(expression):
    try:
        matches = compile_query(expression)
    except GrpcError as error:
        assert error.code in ("INVALID_ARGUMENT", "UNIMPLEMENTED")
    else:
        assert matches(ENTRY) in (True, False)


def condition(field, value, present):
    return st.sampled_from([(f"{field}={value}", present), (f"-{field}={value}", not present)])


@given(
    st.recursive(
        st.one_of(condition("severity", "ERROR", True), condition("insertId", "zzz", False)),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(
                lambda parts: (" AND ".join(f"({text})" for text, _ in parts), all(truth for _, truth in parts))
            ),
            st.lists(inner, min_size=2, max_size=3).map(
                lambda parts: (" OR ".join(f"({text})" for text, _ in parts), any(truth for _, truth in parts))
            ),
            inner.map(lambda part: (f"NOT ({part[0]})", not part[1])),
        ),
        max_leaves=8,
    )
)
def test_boolean_operators_mean_what_they_say(pair):
    expression, truth = pair
    assert compile_query(expression)(ENTRY) is truth
