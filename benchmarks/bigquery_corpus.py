"""How many of the service's recorded answers the emulator gives: passed, refused and wrong, by area.

The recordings lie beside the project (see `tests/fakes/bigquery/corpus.py`); without them this says so and ends
with 64.
"""

import sys
from collections import Counter
from collections.abc import Callable

from tests.fakes.bigquery import corpus, http_corpus


def outcome(run: Callable[[str], None], case: str) -> str:
    try:
        run(case)
    except corpus.Refused:
        return "refused"
    except corpus.Mismatch:
        return "wrong"
    return "pass"


def main() -> int:
    if not corpus.ROOT.is_dir():
        print(f"the recordings are not at {corpus.ROOT}; WINDTUNNEL_BIGQUERY_CORPUS may say where", file=sys.stderr)
        return 64
    tally: dict[str, Counter[str]] = {}
    for case in corpus.cases():
        tally.setdefault(case.split("/")[0], Counter())[outcome(corpus.run, case)] += 1
    for case in http_corpus.cases():
        tally.setdefault("http", Counter())[outcome(http_corpus.run, case)] += 1
    print(f"{'area':26} {'pass':>5} {'refused':>8} {'wrong':>6}")
    for area, counts in [*sorted(tally.items()), ("total", sum(tally.values(), Counter()))]:
        print(f"{area:26} {counts['pass']:5} {counts['refused']:8} {counts['wrong']:6}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
