"""What is known of a player before his game: the line, his form, his rest, his health."""

import datetime as dt
from typing import Any

from pipeline.analytics.upcoming_player_game_context import TABLE, contexts

DAY = dt.date(2026, 1, 16)
NOW = dt.datetime(2026, 1, 16, 15, 0, tzinfo=dt.UTC)


def prop(bookmaker: str, line: float, player: str = "he") -> dict[str, Any]:
    return {
        "game_id": "20260116_CHI_BKN",
        "player_lookup": player,
        "bookmaker": bookmaker,
        "points_line": line,
        "home_team_tricode": "BKN",
        "away_team_tricode": "CHI",
    }


def played(days_ago: int, points: int, team: str = "CHI") -> dict[str, Any]:
    day = DAY - dt.timedelta(days=days_ago)
    return {"player_lookup": "he", "game_date": day, "team_abbr": team, "points": points, "minutes_played": 30}


def test_the_line_is_the_median_of_the_bookmakers_and_form_is_of_the_last_games():
    history = [played(days, points) for days, points in ((2, 10), (4, 20), (6, 30), (8, 10), (10, 20), (12, 100))]
    injuries = [{"player_lookup": "he", "injury_status_normalized": "questionable"}]
    [row] = contexts(DAY, [prop("a", 20.5), prop("b", 21.5), prop("c", 30.5)], history, injuries, NOW)
    assert set(row) == set(TABLE.columns)
    assert (row["current_points_line"], row["bookmakers"]) == (21.5, 3)
    assert (row["points_avg_last_5"], row["points_avg_last_10"], row["games_last_30_days"]) == (18.0, 31.67, 6)
    assert (row["team_abbr"], row["opponent_team_abbr"], row["home_game"]) == ("CHI", "BKN", False)
    assert (row["days_rest"], row["injury_status"]) == (1, "questionable")


def test_a_newcomer_has_a_row_with_what_is_not_known_left_open():
    [row] = contexts(DAY, [prop("a", 8.5)], [], [], NOW)
    assert (row["team_abbr"], row["home_game"], row["days_rest"], row["points_avg_last_5"]) == (None, None, None, None)


def test_a_player_traded_since_his_last_game_is_not_put_on_his_old_team():
    [row] = contexts(DAY, [prop("a", 8.5)], [played(3, 10, team="LAL")], [], NOW)
    assert row["team_abbr"] is None
