"""Who shows the token is let in, however it is shown; whatever else is shown is no error of ours."""

import base64

import pytest

from harness.wire.admission import Admission


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode("latin-1")).decode()


@pytest.mark.parametrize(
    ("shown", "admitted"),
    [
        ("Bearer secret", True),
        (basic("anybody:secret"), True),
        ("AWS4-HMAC-SHA256 Credential=secret/20260116/us-east-1/s3/aws4_request, SignedHeaders=host", True),
        ("Bearer other", False),
        (basic("secret:"), False),
        (basic("x:\xff\xfe"), False),
        ("Basic \xff\xfe", False),
        ("Basic ???", False),
        ("", False),
    ],
)
def test_the_token_is_found_in_each_scheme_and_nothing_else_is(shown, admitted):
    assert Admission("secret").http({"HTTP_AUTHORIZATION": shown}) == admitted


def test_without_a_token_everybody_is_let_in():
    assert Admission().http({})
