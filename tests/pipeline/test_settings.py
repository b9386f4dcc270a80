"""A service whose environment is wrong says which key, at start."""

import pytest

from pipeline.settings import Settings, SettingsError


def test_settings_come_from_the_environment_with_defaults():
    settings = Settings.from_environment(
        {"GOOGLE_CLOUD_PROJECT": "p-roject", "PIPELINE_HTTP_TIMEOUT_S": "5", "PATH": "/"}
    )
    assert (settings.project, settings.http_timeout_s, settings.bucket) == ("p-roject", 5.0, "nba-scraped-data")


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({}, "PIPELINE_PROJECT is missing"),
        ({"PIPELINE_PROJECT": "p", "PIPELINE_BUKET": "b"}, "PIPELINE_BUKET is unknown"),
        ({"PIPELINE_PROJECT": "p", "PIPELINE_HTTP_TIMEOUT_S": "5s"}, "PIPELINE_HTTP_TIMEOUT_S must be a number"),
        (
            {"PIPELINE_PROJECT": "p", "PIPELINE_CREDENTIALS": "none"},
            "PIPELINE_CREDENTIALS must be default or anonymous",
        ),
    ],
)
def test_a_wrong_key_is_named(environment, word):
    with pytest.raises(SettingsError, match=word):
        Settings.from_environment(environment)


def test_a_service_names_the_secret_it_lacks():
    with pytest.raises(SettingsError, match="PIPELINE_SLACK_WEBHOOK_URL"):
        Settings(project="p").require("slack_webhook_url")
