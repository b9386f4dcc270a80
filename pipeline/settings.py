"""One typed settings object, read from the environment once at start.

An unknown or missing key fails the start with its name; nothing else in the pipeline reads the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields

PREFIX = "PIPELINE_"


class SettingsError(Exception):
    """The environment does not describe a runnable service; the message names every offending key."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this deployment differs from another. The key of field `x` is `PIPELINE_X`.

    `project` may also come from `GOOGLE_CLOUD_PROJECT`, as Google's own libraries have it. Time-outs are in seconds.
    `credentials` is `default` (application default credentials) or `anonymous` (emulators). Empty secrets are allowed
    here and refused by the service that needs them, see `require`.
    """

    project: str
    bucket: str = "nba-scraped-data"
    credentials: str = "default"
    bdl_api_key: str = ""
    bdl_url: str = "https://api.balldontlie.io"
    odds_api_key: str = ""
    odds_url: str = "https://api.the-odds-api.com"
    nba_cdn_url: str = "https://cdn.nba.com"
    slack_webhook_url: str = ""
    http_timeout_s: float = 30.0
    bigquery_timeout_s: float = 60.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; raises `SettingsError` naming unknown, missing and malformed keys."""
        environ = os.environ if environment is None else environment
        given = {key.removeprefix(PREFIX).lower(): value for key, value in environ.items() if key.startswith(PREFIX)}
        if "project" not in given and environ.get("GOOGLE_CLOUD_PROJECT"):
            given["project"] = environ["GOOGLE_CLOUD_PROJECT"]
        known = {field.name: field for field in fields(cls)}
        problems = [f"{PREFIX}{name.upper()} is unknown" for name in sorted(given.keys() - known.keys())]
        problems += [
            f"{PREFIX}{name.upper()} is missing"
            for name, field in known.items()
            if field.default is MISSING and not given.get(name)
        ]
        values: dict[str, str | float] = {}
        for name, text in given.items():
            if name in known and known[name].type == "float":
                try:
                    values[name] = float(text)
                except ValueError:
                    problems.append(f"{PREFIX}{name.upper()} must be a number of seconds, not {text!r}")
            else:
                values[name] = text
        if given.get("credentials", "default") not in ("default", "anonymous"):
            problems.append(f"{PREFIX}CREDENTIALS must be default or anonymous, not {given['credentials']!r}")
        if problems:
            raise SettingsError("; ".join(problems) + f". Known keys: {', '.join(PREFIX + n.upper() for n in known)}")
        return cls(**values)  # type: ignore[arg-type]  # the loop above made each value its field's type

    def require(self, *names: str) -> Settings:
        """These settings, or `SettingsError` naming those of `names` that are empty."""
        empty = [PREFIX + name.upper() for name in names if not getattr(self, name)]
        if empty:
            raise SettingsError(f"this service needs {', '.join(empty)}: set it in the service's environment")
        return self
