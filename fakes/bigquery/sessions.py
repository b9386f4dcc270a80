"""Sessions: what jobs of one session share (variables, temporary tables and functions), and for how long.

https://cloud.google.com/bigquery/docs/sessions-intro: a session ends after 24 hours without a job or seven days after
its start. Knows environments of queries; must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fakes.bigquery.errors import invalid

if TYPE_CHECKING:
    from fakes.bigquery.environment import Environment
    from fakes.bigquery.service import Service

IDLE_NS = 24 * 3_600 * 1_000_000_000
LONGEST_NS = 7 * 24 * 3_600 * 1_000_000_000


@dataclass(slots=True)
class Session:
    """One session; `environment` holds what its jobs share."""

    id: str
    environment: Environment
    started_ns: int
    used_ns: int


class Sessions:
    """Every session that has not ended."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._open: dict[str, Session] = {}

    def of(self, config: Mapping[str, Any], plain: Environment) -> Session | None:
        """The session that a query job asks for, or begins; None without one. Raises 400 `invalid` for an unknown id.

        `plain` is the environment that the job would have alone.
        """
        now_ns = self._service.around.now_ns()
        for one in config.get("connectionProperties") or ():
            if one.get("key") == "session_id":
                return self._find(str(one.get("value") or ""), now_ns)
        if not config.get("createSession"):
            return None
        number = self._service.around.rng("session ids").getrandbits(128)
        shared = plain.within({}, {})
        shared.temporary_id("")
        session = Session(f"Cg{number:032x}", shared, now_ns, now_ns)
        self._open[session.id] = session
        return session

    def _find(self, id: str, now_ns: int) -> Session:
        session = self._open.get(id)
        if session is None:
            raise invalid("Invalid input session id.")
        if now_ns - session.used_ns > IDLE_NS or now_ns - session.started_ns > LONGEST_NS:
            self.end(session)
            raise invalid(f"Session {id} has expired and is no longer available.")
        session.used_ns = now_ns
        return session

    def end(self, session: Session) -> None:
        """Drop the session and its temporary tables."""
        self._open.pop(session.id, None)
        hidden = session.environment.hidden
        if hidden is not None and hidden in self._service.catalog.datasets:
            self._service.catalog.drop_dataset(*hidden, contents=True)
