"""What a summary says of a line: usage, shooting, who won; one row per player on the floor."""

import datetime as dt
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analytics.player_game_summary import TABLE, summarise, true_shooting, usage_rate
from pipeline.raw.bdl_player_boxscores import COUNTS

DAY = dt.date(2026, 1, 16)
NOW = dt.datetime(2026, 1, 17, 6, 0, tzinfo=dt.UTC)


def line(player: str, minutes: int, **counts: int) -> dict[str, Any]:
    return {
        "game_id": "20260116_CHI_BKN",
        "game_date": DAY,
        "player_lookup": player,
        "player_full_name": player,
        "team_abbr": "BKN",
        "opponent_team_abbr": "CHI",
        "team_score": 101,
        "opponent_score": 99,
        "minutes": minutes,
        **dict.fromkeys(COUNTS, 0),
        **counts,
    }


def test_usage_rate_is_basketball_references():
    """A team of 240 minutes and 100 plays; he used 20 of them in 36 minutes: 100 * 20 * 48 / (36 * 100)."""
    he = line("he", 36, field_goals_attempted=16, turnovers=4)
    rest = [line(f"m{i}", 51, field_goals_attempted=20) for i in range(4)]
    assert usage_rate(he, [he, *rest]) == 26.67
    assert usage_rate(line("bench", 0), [he, *rest]) is None


def test_true_shooting():
    assert true_shooting(line("he", 30, points=25, field_goals_attempted=18, free_throws_attempted=5)) == 0.6188
    assert true_shooting(line("he", 30)) is None


def test_only_players_on_the_floor_get_a_row_with_every_column():
    [row] = summarise([line("he", 30, points=3, field_goals_attempted=2), line("bench", 0)], NOW)
    assert set(row) == set(TABLE.columns)
    assert (row["player_lookup"], row["win_flag"], row["points"]) == ("he", True, 3)


@settings(deadline=None)  # the wall clock of a busy machine is no property of ours
@given(st.lists(st.tuples(st.integers(1, 53), st.integers(0, 40), st.integers(0, 20), st.integers(0, 10)), min_size=1))
def test_usage_is_a_share(lines):
    """Incident 46: usage rates of 600 to 1,275 per cent were stored."""
    mates = [
        line(f"p{i}", minutes, field_goals_attempted=shots, free_throws_attempted=free, turnovers=lost)
        for i, (minutes, shots, free, lost) in enumerate(lines)
    ]
    for row in summarise(mates, NOW):
        assert row["usage_rate"] is None or 0 <= row["usage_rate"] <= 100
