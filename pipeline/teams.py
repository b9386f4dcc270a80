"""Team abbreviations: every upstream has its own, the pipeline has NBA.com's tricodes."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

TRICODE_OF = MappingProxyType(
    {
        "UTAH": "UTA",
        "GS": "GSW",
        "NO": "NOP",
        "NY": "NYK",
        "SA": "SAS",
        "WSH": "WAS",
        "PHO": "PHX",
        "BRK": "BKN",
        "CHO": "CHA",
    }
)
"""Abbreviations that differ (BallDontLie's UTAH, ESPN's two-letter ones, Basketball Reference's)."""

TRICODE_OF_NAME = MappingProxyType(
    {
        "Atlanta Hawks": "ATL",
        "Boston Celtics": "BOS",
        "Brooklyn Nets": "BKN",
        "Charlotte Hornets": "CHA",
        "Chicago Bulls": "CHI",
        "Cleveland Cavaliers": "CLE",
        "Dallas Mavericks": "DAL",
        "Denver Nuggets": "DEN",
        "Detroit Pistons": "DET",
        "Golden State Warriors": "GSW",
        "Houston Rockets": "HOU",
        "Indiana Pacers": "IND",
        "LA Clippers": "LAC",
        "Los Angeles Clippers": "LAC",
        "Los Angeles Lakers": "LAL",
        "Memphis Grizzlies": "MEM",
        "Miami Heat": "MIA",
        "Milwaukee Bucks": "MIL",
        "Minnesota Timberwolves": "MIN",
        "New Orleans Pelicans": "NOP",
        "New York Knicks": "NYK",
        "Oklahoma City Thunder": "OKC",
        "Orlando Magic": "ORL",
        "Philadelphia 76ers": "PHI",
        "Phoenix Suns": "PHX",
        "Portland Trail Blazers": "POR",
        "Sacramento Kings": "SAC",
        "San Antonio Spurs": "SAS",
        "Toronto Raptors": "TOR",
        "Utah Jazz": "UTA",
        "Washington Wizards": "WAS",
    }
)
"""Full names, as The Odds API writes them."""


def tricode(abbreviation: str) -> str:
    """NBA.com's tricode for any upstream's `abbreviation`."""
    return TRICODE_OF.get(abbreviation.upper(), abbreviation.upper())


def game_key(day: date, away: str, home: str) -> str:
    """`YYYYMMDD_AWY_HOM`: the one id that schedule, box scores and props can all be brought to.

    The ids of the upstreams cannot be joined (a query that joined `0022500587` to `20260116_CHI_BKN` was never true).
    """
    return f"{day:%Y%m%d}_{tricode(away)}_{tricode(home)}"
