"""BallDontLie's MLB, paths `/mlb/v1/…`: what each answers from the season.

Imitated: the models of its Python and TypeScript clients (https://github.com/balldontlie-api); dates are texts in UTC,
clubs have ESPN's abbreviations.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN, State
from fakes.upstreams.listing import Listing, Query
from fakes.upstreams.mlb.bodies import ordinal, stamp
from fakes.upstreams.mlb.league import CLUBS, Club
from fakes.upstreams.mlb.lines import Batting, Pitching, added, by_inning
from fakes.upstreams.mlb.plays import HITS
from fakes.upstreams.mlb.roster import Ballplayer
from fakes.upstreams.mlb.season import BallGame, MlbSeason, active
from fakes.upstreams.mlb.standings import table
from fakes.upstreams.mlb.totals import Totals, parts
from fakes.upstreams.names import unaccented

LEAGUES = {"AL": "American", "NL": "National"}
POSITIONS = {
    "SP": "Starting Pitcher", "RP": "Relief Pitcher", "C": "Catcher", "1B": "First Baseman", "2B": "Second Baseman",
    "3B": "Third Baseman", "SS": "Shortstop", "LF": "Left Fielder", "CF": "Center Fielder", "RF": "Right Fielder",
    "DH": "Designated Hitter",
}  # fmt: skip


class BdlMlb:
    """Renders a season, asked for when it is first needed, as BallDontLie does."""

    def __init__(self, season: Callable[[], MlbSeason]) -> None:
        self._lazily = season
        self._totals: Totals | None = None

    @property
    def _season(self) -> MlbSeason:
        return self._lazily()

    def listing(self, path: str, query: Query, now_s: float) -> Listing | None:
        """The items of `path` ("games", "players/active", "games/123"); None for a path there is none of."""
        routes: dict[str, Callable[[Query, float], Listing]] = {
            "games": self._games, "stats": self._stats, "players": self._players, "players/active": self._active,
            "teams": self._teams, "standings": self._standings, "player_injuries": self._injuries,
            "season_stats": self._season_stats, "teams/season_stats": self._team_stats,
        }  # fmt: skip
        if path in routes:
            return routes[path](query, now_s)
        name, _, number = path.rpartition("/")
        if name in ("games", "players", "teams") and number.isascii() and number.isdigit():
            found = [item for item in routes[name](query, now_s).items if item["id"] == int(number)]
            return Listing(found, None, one=True)
        return None

    def _shown(self, query: Query, now_s: float) -> list[BallGame]:
        return [game for game in self._season.shown(now_s) if query.wants(game)]

    def _games(self, query: Query, now_s: float) -> Listing:
        return Listing([game_body(game, now_s) for game in self._shown(query, now_s)])

    def _stats(self, query: Query, now_s: float) -> Listing:
        totals = self._adder()
        rows = []
        for game in self._shown(query, now_s):
            if not query.allows("game_ids", (game_number(game),)):
                continue
            for outing in parts(game, now_s):
                club = (game.home, game.away)[outing.side]
                if query.allows("player_ids", (outing.player.bdl_id,)):
                    season = totals.of(outing.player, now_s, up_to=game)
                    place = 50 * outing.side + outing.player.rank
                    rows.append(
                        {
                            "id": game_number(game) * 100 + place,
                            "player": player_body(outing.player, club, now_s),
                            "game": game_body(game, now_s),
                            "team_name": club.full_name,
                            **_line(outing.batting, outing.pitching, *season),
                        }
                    )
        return Listing(rows)

    def _adder(self) -> Totals:
        if self._totals is None:
            self._totals = Totals(self._season)
        return self._totals

    def _everybody(self) -> list[tuple[Ballplayer, Club]]:
        return [(player, club) for club in CLUBS for player in self._season.rosters[club.tricode]]

    def _wanted(self, query: Query, player: Ballplayer, club: Club) -> bool:
        return (
            query.named(player)
            and query.allows("team_ids", (club.bdl_id,))
            and query.allows("player_ids", (player.bdl_id,))
        )

    def _players(self, query: Query, now_s: float) -> Listing:
        pairs = self._everybody()
        return Listing([player_body(p, club, now_s) for p, club in pairs if self._wanted(query, p, club)])

    def _active(self, query: Query, now_s: float) -> Listing:
        today = datetime.fromtimestamp(now_s, EASTERN).date()
        shown = []
        for club in CLUBS:
            able = active(self._season.rosters[club.tricode], self._season.injuries, today)
            shown += [player_body(p, club, now_s) for p in able if self._wanted(query, p, club)]
        return Listing(shown)

    def _teams(self, query: Query, now_s: float) -> Listing:
        return Listing(
            [
                team_body(club)
                for club in CLUBS
                if query.is_("league", LEAGUES[club.league]) and query.is_("division", club.division)
            ],
            None,
        )

    def _injuries(self, query: Query, now_s: float) -> Listing:
        today = datetime.fromtimestamp(now_s, EASTERN).date()
        entries = []
        for player, club in self._everybody():
            injury = self._season.injuries.of(player.mlb_id, today)
            if injury is None or not self._wanted(query, player, club):
                continue
            text = f"{unaccented(player.last_name)} ({injury.part}) is on the {injury.status}."
            entries.append(
                {
                    "player": player_body(player, club, now_s),
                    "date": f"{injury.since}T16:00:00.000Z",
                    "return_date": f"{injury.back}T00:00:00.000Z",
                    "type": injury.part.capitalize(),
                    "detail": "Strain",
                    "side": injury.side,
                    "status": injury.status,
                    "long_comment": text,
                    "short_comment": text,
                }
            )
        return Listing(entries, lambda item: int(item["player"]["id"]))

    def _season_stats(self, query: Query, now_s: float) -> Listing:
        year, club_id = query.number("season"), query.numbers("team_id")
        rows = []
        for player, club in self._everybody():
            if not self._wanted(query, player, club) or (club_id and club.bdl_id not in club_id):
                continue
            batting, pitching = self._adder().of(player, now_s)
            if (batting.games or pitching.games) and year == self._season.games[0].season_year:
                head = {"player": player_body(player, club, now_s), "team_name": club.full_name}
                rows.append({**head, "season": year, "postseason": False, **_sums(batting, pitching)})
        return Listing(rows, lambda item: int(item["player"]["id"]))

    def _team_stats(self, query: Query, now_s: float) -> Listing:
        year, club_id = query.number("season"), query.numbers("team_id")
        rows = []
        for club in CLUBS:
            if club_id and club.bdl_id not in club_id:
                continue
            each = [self._adder().of(player, now_s) for player in self._season.rosters[club.tricode]]
            batting = added((batted for batted, _ in each), Batting())
            pitching = added((pitched for _, pitched in each), Pitching())
            sums = _sums(batting, pitching) if batting.games else {}
            head = {"team": team_body(club), "team_name": club.full_name, "postseason": False, "season": year}
            rows.append({**head, "gp": pitching.started, **{k: v for k, v in sums.items() if k != "batting_gp"}})
        return Listing(rows if rows and year == self._year() else [], lambda item: int(item["team"]["id"]))

    def _year(self) -> int:
        return self._season.games[0].season_year if self._season.games else 0

    def _standings(self, query: Query, now_s: float) -> Listing:
        year = query.number("season")
        if year != self._year():
            return Listing([], None)
        rows, shown = table(self._season, now_s), []
        for row in rows:
            club, league = row.club, LEAGUES[row.club.league]
            leader = next(r for r in rows if (r.club.league, r.club.division) == (club.league, club.division))
            played = len(row.results)
            home, road, ten = row.home, row.road, row.results[-10:]
            shown.append(
                {
                    "season": year, "team": team_body(club), "league_name": f"{league} League",
                    "league_short_name": club.league, "division_name": f"{league} League {club.division}",
                    "division_short_name": f"{club.league} {club.division}", "team_name": club.full_name,
                    "avg_points_against": round(row.allowed / played, 2) if played else None,
                    "avg_points_for": round(row.scored / played, 2) if played else None,
                    "games_behind": row.behind(leader), "games_played": played, "losses": row.losses,
                    "wins": row.wins, "ties": 0, "win_percent": round(row.share, 4), "streak": row.streak,
                    "points_against": row.allowed, "points_for": row.scored,
                    "point_differential": row.scored - row.allowed, "differential": row.scored - row.allowed,
                    "division_games_behind": row.behind(leader), "home_losses": len(home) - sum(home),
                    "home_wins": sum(home), "home_ties": 0, "road_losses": len(road) - sum(road),
                    "road_wins": sum(road), "road_ties": 0, "total": f"{row.wins}-{row.losses}",
                    "home": f"{sum(home)}-{len(home) - sum(home)}", "road": f"{sum(road)}-{len(road) - sum(road)}",
                    "intra_division": f"{sum(row.division)}-{len(row.division) - sum(row.division)}",
                    "intra_league": f"{sum(row.league)}-{len(row.league) - sum(row.league)}",
                    "last_ten_games": f"{sum(ten)}-{len(ten) - sum(ten)}",
                }
            )  # fmt: skip
        return Listing(shown, None)


def game_number(game: BallGame) -> int:
    """BallDontLie's id of a game."""
    return int(game.game_id) + 4_000_000


def team_body(club: Club) -> Json:
    """A club."""
    return {
        "id": club.bdl_id,
        "slug": club.slug,
        "abbreviation": club.bdl_abbreviation,
        "display_name": club.full_name,
        "short_display_name": club.name,
        "name": club.name,
        "location": club.city or club.name,
        "league": LEAGUES[club.league],
        "division": club.division,
    }


def player_body(player: Ballplayer, club: Club, now_s: float) -> Json:
    """A player with his club."""
    today = datetime.fromtimestamp(now_s, EASTERN).date()
    return {
        "id": player.bdl_id, "first_name": unaccented(player.first_name), "last_name": unaccented(player.last_name),
        "full_name": unaccented(player.name), "debut_year": player.debut.year, "jersey": player.jersey, "college": None,
        "position": POSITIONS[player.position], "active": True, "birth_place": "Springfield, USA",
        "dob": f"{player.born.day}/{player.born.month}/{player.born.year}",
        "age": today.year - player.born.year - ((today.month, today.day) < (player.born.month, player.born.day)),
        "height": f"{player.height_in // 12}' {player.height_in % 12}\"", "weight": f"{player.weight_lb} lbs",
        "draft": None, "bats_throws": "/".join({"L": "Left", "R": "Right", "S": "Both"}[hand] for hand in
        (player.bats, player.throws)), "team": team_body(club),
    }  # fmt: skip


def game_body(game: BallGame, now_s: float) -> Json:
    """A game with its innings and scoring plays."""
    plays = game.plays(now_s)
    state = game.state(now_s)
    status = {
        State.SCHEDULED: "STATUS_SCHEDULED",
        State.LIVE: "STATUS_IN_PROGRESS",
        State.FINAL: "STATUS_FINAL",
    }[state]
    if game.called_off(now_s):
        status = "STATUS_POSTPONED" if game.postponed else "STATUS_CANCELED"
    elif game.suspended(now_s):
        status = "STATUS_SUSPENDED"
    elif game.delayed(now_s):
        status = "STATUS_DELAYED"
    score = game.score(now_s)
    data = []
    for side in (0, 1):
        innings = by_inning(side, plays)
        data.append(
            {
                "runs": score[side], "hits": sum(play.side == side and play.event in HITS for play in plays),
                "errors": sum(play.side != side and play.event == "field_error" for play in plays),
                "inning_scores": [inning.runs for inning in innings],
            }
        )  # fmt: skip
    return {
        "id": game_number(game), "home_team_name": game.home.full_name, "away_team_name": game.away.full_name,
        "home_team": team_body(game.home), "away_team": team_body(game.away), "season": game.season_year,
        "postseason": False, "season_type": "regular", "date": stamp(game.tip_s, "%Y-%m-%dT%H:%M:%S.000Z"),
        "home_team_data": data[0], "away_team_data": data[1], "venue": game.home.venue,
        "attendance": 20_000 + int(game.game_id) % 20_000 if state is State.FINAL else 0, "conference_play":
        game.home.league == game.away.league, "status": status, "period": plays[-1].inning if plays else 1,
        "clock": 0, "display_clock": "0:00",
        "scoring_summary": [
            {
                "play": f"{game.rosters[play.side][play.batter].name} {play.event.replace('_', ' ')}.",
                "inning": "bottom" if play.side == 0 else "top", "period": ordinal(play.inning),
                "away_score": play.score[1], "home_score": play.score[0],
            }
            for play in plays
            if play.runs
        ],
    }  # fmt: skip


def _line(hit: Batting | None, threw: Pitching | None, batting: Batting, pitching: Pitching) -> Json:
    batted = hit if hit and hit.appearances else None
    shown: Json = dict.fromkeys(
        ("at_bats", "runs", "hits", "rbi", "hr", "bb", "k", "avg", "obp", "slg", "ip", "p_hits", "p_runs", "er",
         "p_bb", "p_k", "p_hr", "pitch_count", "strikes", "era")
    )  # fmt: skip
    if batted:
        shown |= {
            "at_bats": batted.at_bats, "runs": batted.runs, "hits": batted.hits, "rbi": batted.rbi,
            "hr": batted.home_runs, "bb": batted.walks, "k": batted.strikeouts, "avg": round(batting.average, 3),
            "obp": round(batting.on_base, 3), "slg": round(batting.slugging, 3),
        }  # fmt: skip
    if threw:
        shown |= {
            "ip": float(threw.innings), "p_hits": threw.hits, "p_runs": threw.runs, "er": threw.earned,
            "p_bb": threw.walks, "p_k": threw.strikeouts, "p_hr": threw.home_runs, "pitch_count": threw.pitches,
            "strikes": threw.strikes, "era": None if pitching.era is None else round(pitching.era, 2),
        }  # fmt: skip
    return shown


def _sums(batting: Batting, pitching: Pitching) -> Json:
    shown: Json = {}
    if batting.appearances:
        shown |= {
            "batting_gp": batting.games, "batting_ab": batting.at_bats, "batting_r": batting.runs,
            "batting_h": batting.hits, "batting_avg": round(batting.average, 3), "batting_2b": batting.doubles,
            "batting_3b": batting.triples, "batting_hr": batting.home_runs, "batting_rbi": batting.rbi,
            "batting_bb": batting.walks, "batting_so": batting.strikeouts, "batting_sb": batting.stolen,
            "batting_obp": round(batting.on_base, 3), "batting_slg": round(batting.slugging, 3),
            "batting_ops": round(batting.on_base + batting.slugging, 3),
        }  # fmt: skip
    if pitching.games:
        shown |= {
            "pitching_gp": pitching.games, "pitching_gs": pitching.started, "pitching_w": pitching.wins,
            "pitching_l": pitching.losses, "pitching_sv": pitching.saves, "pitching_ip": float(pitching.innings),
            "pitching_era": None if pitching.era is None else round(pitching.era, 2),
            "pitching_h": pitching.hits, "pitching_er": pitching.earned, "pitching_hr": pitching.home_runs,
            "pitching_bb": pitching.walks, "pitching_k": pitching.strikeouts,
        }  # fmt: skip
    return shown
