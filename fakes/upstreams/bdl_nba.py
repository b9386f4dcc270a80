"""BallDontLie's NBA, paths `/v1/…` and `/nba/v1/…`: what each answers from the season."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from fakes.upstreams.basketball import Game, NbaSeason
from fakes.upstreams.boxscore import Line
from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN, State
from fakes.upstreams.injuries import Injury
from fakes.upstreams.league import TEAMS, Team
from fakes.upstreams.listing import BadQueryError, Listing, Query
from fakes.upstreams.names import unaccented
from fakes.upstreams.records import Records
from fakes.upstreams.roster import Player

ORDINALS = ("1st Qtr", "2nd Qtr", "3rd Qtr", "4th Qtr")
LEADERS = ("pts", "reb", "ast", "stl", "blk", "oreb", "dreb", "tov", "min")


class BdlNba:
    """Renders a season as BallDontLie does."""

    def __init__(self, season: NbaSeason) -> None:
        self._season = season
        self._records = Records(season)
        self._team_of = {player.bdl_id: team for team in TEAMS for player in season.rosters[team.tricode]}
        self._players = [player for team in TEAMS for player in season.rosters[team.tricode]]

    def listing(self, path: str, query: Query, now_s: float) -> Listing | None:
        """The items of `path` ("games", "players/active", "games/123"); None for a path there is none of."""
        routes: dict[str, Callable[[Query, float], Listing]] = {
            "box_scores": self._box_scores, "box_scores/live": self._live, "games": self._games, "stats": self._stats,
            "players": self._listed_players, "players/active": self._listed_players, "teams": self._teams,
            "season_averages": self._averages, "standings": self._standings, "player_injuries": self._injuries,
            "leaders": self._leaders,
        }  # fmt: skip
        if path in routes:
            return routes[path](query, now_s)
        name, _, number = path.rpartition("/")
        if name in ("games", "players", "teams") and number.isascii() and number.isdigit():
            found = [item for item in routes[name](query, now_s).items if item["id"] == int(number)]
            return Listing(found, None, one=True)
        return None

    def _box_scores(self, query: Query, now_s: float) -> Listing:
        day = query.day("date")
        if day is None:
            raise BadQueryError("date must be given as YYYY-MM-DD")
        return Listing([self._box_score(g, now_s) for g in self._season.shown(now_s) if g.day == day], None)

    def _live(self, query: Query, now_s: float) -> Listing:
        live = (game for game in self._season.shown(now_s) if game.state(now_s) is State.LIVE)
        return Listing([self._box_score(game, now_s) for game in live], None)

    def _box_score(self, game: Game, now_s: float) -> Json:
        home, away = game.lines(now_s)
        item = game_body(game, now_s)
        del item["id"], item["datetime"]  # The recorded answers of this call have neither.
        item["home_team"]["players"] = [line_body(line) for line in home]
        item["visitor_team"]["players"] = [line_body(line) for line in away]
        return item

    def _games(self, query: Query, now_s: float) -> Listing:
        return Listing([game_body(game, now_s) for game in self._shown(query, now_s)])

    def _shown(self, query: Query, now_s: float) -> list[Game]:
        return [game for game in self._season.shown(now_s) if query.wants(game)]

    def _stats(self, query: Query, now_s: float) -> Listing:
        rows = []
        for game in self._shown(query, now_s):
            number = game_number(game)
            if game.state(now_s) is State.SCHEDULED or not query.allows("game_ids", (number,)):
                continue
            for side, lines in enumerate(game.lines(now_s)):
                team = (game.home, game.away)[side]
                for place, line in enumerate(lines):
                    if query.allows("player_ids", (line.player.bdl_id,)):
                        rows.append(
                            {
                                "id": number * 100 + 50 * side + place, **line_body(line), "team": team_body(team),
                                "game": _short_game(game, now_s),
                            }
                        )  # fmt: skip
                        rows[-1]["player"]["team_id"] = team.bdl_id
        return Listing(rows)

    def _listed_players(self, query: Query, now_s: float) -> Listing:
        return Listing(
            [
                {**player_body(player), "team": team_body(self._team_of[player.bdl_id])}
                for player in self._players
                if query.named(player)
                and query.allows("team_ids", (self._team_of[player.bdl_id].bdl_id,))
                and query.allows("player_ids", (player.bdl_id,))
            ]
        )

    def _teams(self, query: Query, now_s: float) -> Listing:
        shown = [
            team for team in TEAMS
            if query.is_("conference", team.conference) and query.is_("division", team.division)
        ]  # fmt: skip
        return Listing([team_body(team) for team in shown], None)

    def _played(self, year: int, now_s: float) -> dict[int, list[Line]]:
        lines: dict[int, list[Line]] = {}
        for game in self._season.finals(now_s):
            if game.season_year == year:
                for side in game.lines(now_s):
                    for line in side:
                        if line.seconds:
                            lines.setdefault(line.player.bdl_id, []).append(line)
        return lines

    def _averages(self, query: Query, now_s: float) -> Listing:
        year, wanted = query.number("season"), query.numbers("player_ids") | query.numbers("player_id")
        if not wanted:
            raise BadQueryError("player_id is required")
        lines = self._played(year, now_s)
        return Listing([average(year, who, lines[who]) for who in sorted(wanted) if who in lines], None)

    def _leaders(self, query: Query, now_s: float) -> Listing:
        year, kind = query.number("season"), query.request.first("stat_type")
        if kind not in LEADERS:
            raise BadQueryError(f"stat_type must be one of {', '.join(LEADERS)}")
        key = {"tov": "turnover"}.get(kind, kind)
        players = {player.bdl_id: player for player in self._players}
        rows: list[Json] = []
        for who, lines in self._played(year, now_s).items():
            value = average(year, who, lines)[key] if kind != "min" else sum(each.seconds for each in lines) / 60
            shown = {**player_body(players[who]), "team_id": self._team_of[who].bdl_id}
            rows.append(
                {"player": shown, "value": value, "stat_type": kind, "season": year, "games_played": len(lines)}
            )
        rows.sort(key=lambda row: (-row["value"], row["player"]["id"]))
        return Listing([{**row, "rank": rank} for rank, row in enumerate(rows[:25], 1)], None)

    def _standings(self, query: Query, now_s: float) -> Listing:
        year = query.number("season")
        if not self._season.games or year != self._season.games[0].season_year:
            return Listing([], None)
        rows = []
        for team in TEAMS:
            home, road = self._records.split(team, now_s)
            won, lost = home[0] + road[0], home[1] + road[1]
            rows.append((won / (won + lost) if won + lost else 0.0, team, won, lost, home, road))
        rows.sort(key=lambda row: (-row[0], row[1].bdl_id))
        return Listing([self._standing(row, rows, year, now_s) for row in rows], None)

    def _standing(self, row: tuple[Any, ...], rows: Sequence[tuple[Any, ...]], year: int, now_s: float) -> Json:
        _, team, won, lost, home, road = row
        inside = {"conference": [0, 0], "division": [0, 0]}
        for game in self._season.finals(now_s):
            if team in (game.home, game.away):
                other = game.away if team is game.home else game.home
                side = 0 if team is game.home else 1
                lost_it = game.final_score[side] < game.final_score[1 - side]
                for key, counts in inside.items():
                    if getattr(team, key) == getattr(other, key):
                        counts[lost_it] += 1
        rank = {
            key: 1 + [each[1] for each in rows if getattr(each[1], key) == getattr(team, key)].index(team)
            for key in inside
        }
        return {
            "team": team_body(team), "conference_record": "{}-{}".format(*inside["conference"]),
            "conference_rank": rank["conference"], "division_record": "{}-{}".format(*inside["division"]),
            "division_rank": rank["division"], "wins": won, "losses": lost, "home_record": f"{home[0]}-{home[1]}",
            "road_record": f"{road[0]}-{road[1]}", "season": year,
        }  # fmt: skip

    def _injuries(self, query: Query, now_s: float) -> Listing:
        """About one player in twelve; the list changes at Eastern midnight."""
        today = datetime.fromtimestamp(now_s, EASTERN).date()
        entries = []
        for player in self._players:
            injury = self._season.injuries.of(player.bdl_id, today)
            team = self._team_of[player.bdl_id]
            wanted = query.allows("team_ids", (team.bdl_id,)) and query.allows("player_ids", (player.bdl_id,))
            if injury is not None and wanted:
                entries.append(_injury(player, team, injury))
        return Listing(entries, lambda item: int(item["player"]["id"]))


def game_number(game: Game) -> int:
    """BallDontLie's id of a game."""
    return int(game.game_id) + 18_000_000


def game_body(game: Game, now_s: float) -> Json:
    """A game."""
    state = game.state(now_s)
    period, clock = game.period(now_s)
    home_score, away_score = game.score(now_s)
    status, time = {
        State.SCHEDULED: (zulu(game.tip_s), None),
        State.LIVE: (ORDINALS[period - 1] if 1 <= period <= 4 else f"OT{max(1, period - 4)}", f"Q{period} {clock}"),
        State.FINAL: ("Final", "Final"),
    }[state]
    return {
        "id": game_number(game),
        "date": game.day.isoformat(),
        "season": int(game.game_id[3:5]) + 2_000,
        "status": status,
        "period": period,
        "time": time,
        "postseason": False,
        "home_team_score": home_score,
        "visitor_team_score": away_score,
        "datetime": zulu(game.tip_s, "%Y-%m-%dT%H:%M:%S.000Z"),
        "home_team": team_body(game.home),
        "visitor_team": team_body(game.away),
    }


def _short_game(game: Game, now_s: float) -> Json:
    shown = game_body(game, now_s)
    del shown["home_team"], shown["visitor_team"], shown["datetime"]
    return {**shown, "home_team_id": game.home.bdl_id, "visitor_team_id": game.away.bdl_id}


def team_body(team: Team) -> Json:
    """A team."""
    return {
        "id": team.bdl_id,
        "conference": team.conference,
        "division": team.division,
        "city": team.city,
        "name": team.name,
        "full_name": team.full_name,
        "abbreviation": team.tricode,
    }


def player_body(player: Player) -> Json:
    """A player, without his team."""
    return {
        "id": player.bdl_id,
        "first_name": unaccented(player.first_name),
        "last_name": unaccented(player.last_name),
        "position": player.position,
        "height": player.height,
        "weight": player.weight,
        "jersey_number": player.jersey,
        "college": "Windtunnel State",
        "country": "USA",
        "draft_year": None,
        "draft_round": None,
        "draft_number": None,
    }


def line_body(line: Line) -> Json:
    """What a player did in a game."""
    return {
        "min": f"{line.minutes:02d}",
        "fgm": line.made,
        "fga": line.tried,
        "fg_pct": share(line.made, line.tried),
        "fg3m": line.threes,
        "fg3a": line.three_attempts,
        "fg3_pct": share(line.threes, line.three_attempts),
        "ftm": line.free_throws,
        "fta": line.free_throw_attempts,
        "ft_pct": share(line.free_throws, line.free_throw_attempts),
        "oreb": line.offensive_rebounds,
        "dreb": line.defensive_rebounds,
        "reb": line.rebounds,
        "ast": line.assists,
        "stl": line.steals,
        "blk": line.blocks,
        "turnover": line.turnovers,
        "pf": line.fouls,
        "pts": line.points,
        "player": player_body(line.player),
    }


def average(year: int, player_id: int, lines: Sequence[Line]) -> Json:
    """Means of a player's games, two digits; shares are of the sums."""
    bodies = [line_body(line) for line in lines]
    shown: Json = {"games_played": len(lines), "season": year, "player_id": player_id}
    for key in ("pts", "ast", "reb", "stl", "blk", "turnover", "pf", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb",
                "dreb"):  # fmt: skip
        shown[key] = round(sum(body[key] for body in bodies) / len(bodies), 2)
    for key, made, tried in (("fg_pct", "fgm", "fga"), ("fg3_pct", "fg3m", "fg3a"), ("ft_pct", "ftm", "fta")):
        tries = sum(body[tried] for body in bodies)
        shown[key] = round(sum(body[made] for body in bodies) / tries, 3) if tries else 0
    seconds = round(sum(line.seconds for line in lines) / len(lines))
    return {**shown, "min": f"{seconds // 60}:{seconds % 60:02d}"}


def share(made: int, tried: int) -> float:
    """A share as the recorded answers round it."""
    return round(made / tried, 7) if tried else 0


def _injury(player: Player, team: Team, injury: Injury) -> Json:
    since, back = injury.since, injury.back
    return {
        "player": {**player_body(player), "team_id": team.bdl_id},
        "return_date": f"{back:%b} {back.day}",
        "description": f"{since:%b} {since.day}: {unaccented(player.last_name)} ({injury.part}) is listed as "
        f"{injury.status.lower()}.",
        "status": injury.status,
    }


def zulu(moment_s: float, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """A moment in UTC."""
    return datetime.fromtimestamp(moment_s, UTC).strftime(form)
