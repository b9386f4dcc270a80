"""ak-static.cms.nba.com, where the NBA puts its injury reports: PDFs, which this emulator does not write.

The host answers, so that a pipeline that reads them hears by name why it cannot; injuries are to be had of BallDontLie
and ESPN. A recorded report is served by a back end of one's own under this host name (docs/worlds.md).
"""

from __future__ import annotations

from dataclasses import replace

from fakes.seam import Refuse
from fakes.upstreams.exchange import Request, Response
from fakes.upstreams.nba_com import denied, refuse

__all__ = ["HOST", "answer", "refuse"]

HOST = "ak-static.cms.nba.com"
_FOLDER = "/referee/injury/"


def answer(request: Request, _now_s: float) -> Response:
    """One request: 501 for a report, and the CDN's 403 for anything else."""
    if request.path.startswith(_FOLDER) and request.path.endswith(".pdf"):
        what = f"unsupported by the emulator: {request.path} of {HOST} (injury reports as PDF)"
        return replace(refuse(Refuse(501, "notImplemented", what)), unsupported=what)
    return denied()
