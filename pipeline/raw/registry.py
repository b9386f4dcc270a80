"""Which feed reads which object: the start of its path decides."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.raw import bdl_injuries, bdl_player_boxscores, odds_player_props, schedule
from pipeline.raw.feed import Feed

FEEDS = (schedule.FEED, bdl_player_boxscores.FEED, bdl_injuries.FEED, odds_player_props.FEED)


class UnknownPathError(Exception):
    """No feed reads objects of this path; the text lists those there are."""


def feed_for(address: str, feeds: Sequence[Feed] = FEEDS) -> Feed:
    """The feed that reads `gs://bucket/path`; raises `UnknownPathError`."""
    _, _, path = address.removeprefix("gs://").partition("/")
    for feed in feeds:
        if path.startswith(feed.prefix):
            return feed
    raise UnknownPathError(f"{address}: no feed reads it; known paths start with {', '.join(f.prefix for f in feeds)}")
