"""The last words of a child that was ended because nothing in it moved, or that died of a fatal signal.

The child writes where its code is when it can do nothing else (`harness.sim.watchdog`); here that becomes a diagnosis.
This module must not import the kernel: it stays on the runner's side.
"""

from __future__ import annotations

from pathlib import Path

THREADS = ".threads"
"""Suffix of the file beside the traces: all threads as they were at the last look."""


def last_words(traces: Path) -> str:
    """The diagnosis that `traces` and the file beside it allow, "" for none; both files are gone afterwards."""
    threads = traces.with_name(traces.name + THREADS)
    said = traces.read_text("utf-8", errors="replace") if traces.exists() else ""
    beside = threads.read_text("utf-8", errors="replace") if threads.exists() else ""
    for path in (traces, threads):
        path.unlink(missing_ok=True)
    if not said:
        return ""
    place = next((line.strip() for line in said.splitlines() if line.strip().startswith("File ")), "no Python code")
    if said.startswith("Timeout"):
        what = f"stall: a call into C did not return and let nobody look; it was called at {place}"
        remedy = "keep such a call out of the simulation, or give it more time with a longer [tool.windtunnel] watchdog"
    else:
        what = f"stall: the process died of a fatal signal ({said.splitlines()[0]}) at {place}"
        remedy = "an extension module crashed; see its issue tracker, or keep it out of the simulation"
    return "\n".join(
        [
            what,
            "erred: an extension module called by the code under test",
            f"remedy: {remedy}",
            "",
            "the interpreter's own account, innermost first:",
            said.rstrip(),
            "",
            "all threads of all processes, as they were at the last look (at most a second before, if it had one):",
            beside.rstrip() or "(there was no look)",
        ]
    )
