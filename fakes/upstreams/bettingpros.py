"""api.bettingpros.com v3: events, offers and props of both sports, for callers with its key.

Imitated: a recorded answer of `/v3/events`, and what the pipeline reads of `/v3/offers` and `/v3/props` (`_pagination`,
`limit` ≤ 10 and ≤ 50, market and book numbers). 403 without `x-api-key` or browser headers, as its gateway refuses;
times are in UTC without a zone, accents and suffixes' dots are dropped from names.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from fakes.seam import Refuse
from fakes.upstreams.basketball import Game, NbaSeason
from fakes.upstreams.betting import Betting, Offer, sports
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN, Fixture, State
from fakes.upstreams.mlb.lines import by_inning
from fakes.upstreams.mlb.season import BallGame, MlbSeason
from fakes.upstreams.names import plain
from fakes.upstreams.records import Records

HOST = "api.bettingpros.com"
MARKETS: Mapping[str, Mapping[int, str]] = {
    "NBA": {156: "player_points", 157: "player_rebounds", 151: "player_assists", 162: "player_threes",
            160: "player_steals", 152: "player_blocks"},
    "MLB": {285: "pitcher_strikeouts", 290: "pitcher_earned_runs", 287: "batter_hits", 288: "batter_runs_scored",
            289: "batter_rbis", 293: "batter_total_bases", 294: "batter_stolen_bases", 299: "batter_home_runs"},
}  # fmt: skip
"""Its numbers of markets, and ours of the same."""

BOOKS = {0: "BettingPros Consensus", 10: "fanduel", 12: "draftkings", 19: "betmgm"}
KEYS = {"NBA": "basketball_nba", "MLB": "baseball_mlb"}
NEEDED_HEADERS = ("x-api-key", "user-agent")
OFFERS_PER_PAGE, PROPS_PER_PAGE = 10, 50


class BettingPros:
    """Answers for both seasons. `key` is the only one accepted, any where it is ""."""

    def __init__(self, nba: NbaSeason, mlb: Callable[[], MlbSeason], key: str) -> None:
        self._key = key
        self._seasons: dict[str, Callable[[], Any]] = {"NBA": lambda: nba, "MLB": mlb}
        by_key = sports(nba, mlb)
        self._betting = {sport: Betting(by_key[name]) for sport, name in KEYS.items()}
        self._records: dict[str, Records[Any]] = {}

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        if request.method != "GET":
            return refuse(Refuse(405, "methodNotAllowed", "Method Not Allowed"))
        key = request.headers.get("x-api-key", "")
        if not all(request.headers.get(name) for name in NEEDED_HEADERS) or (self._key and key != self._key):
            return refuse(Refuse(403, "forbidden", "Forbidden"))
        routes: dict[str, Callable[[Request, str, float], Response]] = {
            "/v3/events": self._events, "/v3/offers": self._offers, "/v3/props": self._props,
        }  # fmt: skip
        route = routes.get(request.path)
        if route is None:
            return refuse(Refuse(404, "notFound", "Not Found"))
        sport = request.first("sport").upper()
        if sport not in KEYS:
            return refuse(Refuse(400, "badRequest", f"sport: {request.first('sport')!r} is not supported"))
        try:
            return route(request, sport, now_s)
        except ValueError as error:
            return refuse(Refuse(400, "badRequest", str(error)))

    def _games(self, request: Request, sport: str, now_s: float) -> list[Any]:
        """The games of a day, or of the events asked for."""
        wanted = {each for text in request.query.get("event_id", []) for each in text.replace(",", ":").split(":")}
        text = request.first("date")
        day = date.fromisoformat(text) if text else datetime.fromtimestamp(now_s, EASTERN).date()
        shown = self._seasons[sport]().shown(now_s)
        return [game for game in shown if (str(_number(game)) in wanted if wanted else game.day == day)]

    def _events(self, request: Request, sport: str, now_s: float) -> Response:
        games = self._games(request, sport, now_s)
        asked = {
            "sport": sport, "season": None, "doubleheader": None, "week": None, "date": request.first("date") or None,
            "start": None, "season_type": None, "direction": "asc", "status": None, "end": None, "comp_id": None,
            "event_id": request.first("event_id") or None, "event_slug": None, "team_id": None,
            "lineups": request.first("lineups", "true"), "park_factors": "true", "officials": "false",
            "max_events_per_sport": None,
        }  # fmt: skip
        body = {
            "_parameters": asked,
            "events": [self._event(sport, game, now_s) for game in games],
            "ts": int(now_s),
            "utc": _utc(now_s),
        }
        return json_response(200, body)

    def _event(self, sport: str, game: Any, now_s: float) -> Json:
        away, home = (f"{team.full_name.lower().replace(' ', '-').replace('.', '')}" for team in (game.away, game.home))
        status = {State.SCHEDULED: "scheduled", State.LIVE: "inprogress", State.FINAL: "closed"}[game.state(now_s)]
        if game.called_off(now_s):
            status = "postponed" if game.postponed else "cancelled"
        return {
            "id": _number(game), "sr_id": f"00000000-0000-4000-8000-{int(game.game_id):012d}", "sport": sport,
            "scheduled": _utc(game.tip_s), "season": game.season_year, "season_type": "REG", "event_name": None,
            "status": status, "home": game.home.tricode, "visitor": game.away.tricode,
            "link": f"/{sport.lower()}/matchups/{away}-vs-{home}/?date={game.day}", "series_summary": None,
            "popularity": 100, "lineups": _lineups(sport, game, now_s), "venue": _venue(game),
            "participants": [self._participant(sport, team, now_s) for team in (game.home, game.away)],
            "broadcasts": [], "results": _results(game, now_s), "is_free": False,
        }  # fmt: skip

    def _participant(self, sport: str, team: Any, now_s: float) -> Json:
        if sport not in self._records:
            self._records[sport] = Records(self._seasons[sport]())
        won, lost = self._records[sport].of(team, now_s)
        group = getattr(team, "conference", None)
        slug = team.full_name.lower().replace(" ", "-").replace(".", "")
        return {
            "id": team.tricode, "name": team.name, "link": f"/{sport.lower()}/teams/{slug}/",
            "team": {
                "city": team.city, "abbreviation": team.tricode,
                "conference": f"{group}ern" if group else team.league, "division": team.division,
                "record": {"W": won, "L": lost, "T": 0}, "slug": slug,
            },
        }  # fmt: skip

    def _market(self, request: Request, sport: str) -> tuple[int, str]:
        text = request.first("market_id")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
        if number not in MARKETS[sport]:
            raise ValueError(f"market_id: {text!r} is not a market of {sport}")
        return number, MARKETS[sport][number]

    def _lines(self, sport: str, game: Fixture, market: str, now_s: float) -> dict[str, dict[str, list[Offer]]]:
        """What each book offers on each player (over and under); as it last was, once the game has begun."""
        at_s = min(now_s, game.tip_s - 1)
        found: dict[str, dict[str, list[Offer]]] = {}
        for book in ("fanduel", "draftkings", "betmgm"):
            for offer in self._betting[sport].offers(game, market, book, at_s):
                found.setdefault(offer.player, {}).setdefault(book, []).append(offer)
        return found

    def _offers(self, request: Request, sport: str, now_s: float) -> Response:
        number, market = self._market(request, sport)
        offers = []
        for game in self._games(request, sport, now_s):
            for name, books in self._lines(sport, game, market, now_s).items():
                player = _player(game, name)
                selections = [
                    {
                        "id": zlib.crc32(f"{game.game_id}/{name}/{number}/{side}".encode()), "selection": side,
                        "label": label, "participant": str(player.bdl_id), "active": now_s < game.tip_s,
                        "books": [_book(book, pair[place], now_s) for book, pair in books.items()],
                    }
                    for place, (side, label) in enumerate((("over", "Over"), ("under", "Under")))
                ]  # fmt: skip
                offers.append(
                    {
                        "id": zlib.crc32(f"{game.game_id}/{name}/{number}".encode()), "event_id": _number(game),
                        "market_id": number, "sport": sport, "active": now_s < game.tip_s,
                        "participants": [_person(sport, game, player)], "selections": selections,
                        "link": f"/{sport.lower()}/props/{_slug(player)}/",
                    }
                )  # fmt: skip
        return _paged(request, "offers", offers, OFFERS_PER_PAGE, {"markets": [number]})

    def _props(self, request: Request, sport: str, now_s: float) -> Response:
        number, market = self._market(request, sport)
        props = []
        for game in self._games(request, sport, now_s):
            for name, books in self._lines(sport, game, market, now_s).items():
                player = _player(game, name)
                pairs = list(books.values())
                line = sorted(pair[0].point or 0.5 for pair in pairs)[len(pairs) // 2]
                actual = _actual(game, player, market, now_s)
                props.append(
                    {
                        "sport": sport, "market_id": number, "event_id": _number(game),
                        "participant": _person(sport, game, player),
                        "over": _side(pairs, 0, line), "under": _side(pairs, 1, line),
                        "projection": {"value": round(line + 0.3, 1), "recommended_side": "over", "diff": 0.3,
                                       "expected_value": 0.0, "bet_rating": 3},
                        "scoring": {"actual": actual, "is_scored": actual is not None, "is_push": actual == line,
                                    "push_reason": None},
                        "performance": {}, "extra": {},
                    }
                )  # fmt: skip
        more: Json = {"markets": [number]}
        if request.first("include_events") == "true":
            more["events"] = [self._event(sport, game, now_s) for game in self._games(request, sport, now_s)]
        return _paged(request, "props", props, PROPS_PER_PAGE, more)


def _paged(request: Request, name: str, items: Sequence[Json], most: int, more: Json) -> Response:
    texts = request.first("page", "1"), request.first("limit", str(most))
    if not all(text.isascii() and text.isdigit() and len(text) < 9 for text in texts):
        raise ValueError("page and limit must be integers")
    page, size = max(1, int(texts[0])), min(most, max(1, int(texts[1])))
    pages = max(1, -(-len(items) // size))
    shown = list(items[(page - 1) * size : page * size])
    turning = {"page": page, "limit": size, "total_pages": pages, "total_items": len(items), "next":
               f"/v3/{name}?page={page + 1}" if page < pages else None}  # fmt: skip
    return json_response(200, {**more, name: shown, "_pagination": turning})


def _number(game: Fixture) -> int:
    return int(game.game_id) % 10_000_000


def _utc(moment_s: float) -> str:
    return datetime.fromtimestamp(moment_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _everybody(game: Any) -> list[tuple[Any, Any]]:
    """The players there with their teams, home first."""
    if isinstance(game, Game):
        return [(p, game.home) for p in game.home_players] + [(p, game.away) for p in game.away_players]
    return [(p, (game.home, game.away)[side]) for side in (0, 1) for p in game.rosters[side]]


def _player(game: Any, name: str) -> Any:
    return next(player for player, _ in _everybody(game) if player.name == name)


def _slug(player: Any) -> str:
    return plain(player.name).lower().replace(" ", "-").replace("'", "")


def _person(sport: str, game: Any, player: Any) -> Json:
    team = next(team for each, team in _everybody(game) if each is player)
    first, last = plain(player.first_name), plain(player.last_name)
    return {
        "id": str(player.bdl_id), "name": f"{first} {last}", "link": f"/{sport.lower()}/props/{_slug(player)}/",
        "player": {
            "short_name": f"{first[0]}. {last}", "first_name": first, "last_name": last,
            "image": f"https://images.fantasypros.com/images/players/{sport.lower()}/{player.bdl_id}/headshot.webp",
            "position": player.position, "team": team.tricode, "slug": _slug(player),
            "jersey_number": int(player.jersey),
        },
    }  # fmt: skip


def _lineups(sport: str, game: Any, now_s: float) -> Json:
    shown: Json = {}
    for side, name in enumerate(("home", "away")):
        starters: list[Any]
        if isinstance(game, Game):
            starters = list((game.home_players, game.away_players)[side][:5])
        else:
            known = isinstance(game, BallGame) and game.lineup_known(now_s)
            starters = [game.rosters[side][place] for place, _ in game.squads[side].order] if known else []
        begun = now_s >= game.begins_s
        shown[f"{name}_lineup"] = [
            {"status": "started" if begun else "projected", "participant": _person(sport, game, player)}
            for player in starters
        ]
        shown[f"{name}_lineup_type"] = "confirmed" if begun else "projected"
    return shown


def _venue(game: Any) -> Json:
    if isinstance(game, BallGame):
        home = game.home
        return {"name": home.venue, "id": None, "city": home.place, "state": home.state, "country": "USA", "zip": ""}
    return {"name": f"{game.home.city} Arena", "id": None, "city": game.home.city, "state": "", "country": "USA",
            "zip": ""}  # fmt: skip


def _results(game: Any, now_s: float) -> Json | None:
    if game.state(now_s) is State.SCHEDULED:
        return None
    teams = game.home.tricode, game.away.tricode
    score = game.score(now_s)

    def scores(values: Sequence[int]) -> list[Json]:
        return [{"participant": team, "score": value} for team, value in zip(teams, values, strict=True)]

    if isinstance(game, Game):
        name, periods = "quarter", list(zip(*game.periods(now_s), strict=True))
    else:
        plays = game.plays(now_s)
        home, away = ([inning.runs for inning in by_inning(side, plays)] for side in (0, 1))
        name, periods = "inning", [(home[n] if n < len(home) else 0, runs) for n, runs in enumerate(away)]
    winner = teams[0] if score[0] > score[1] else teams[1] if score[1] > score[0] else None
    return {
        "outcomes": [{"label": "event", "winner": winner, "scores": scores(score)}],
        "periods": [{"name": name, "number": n, "scores": scores(pair)} for n, pair in enumerate(periods, 1)],
    }


def _book(book: str, offer: Offer, now_s: float) -> Json:
    number = next(key for key, name in BOOKS.items() if name == book)
    line = {
        "id": zlib.crc32(f"{offer.player}/{book}/{offer.point}/{offer.name}".encode()), "line": offer.point,
        "cost": offer.price, "active": True, "main": True, "updated": _utc(now_s // 3_600 * 3_600),
    }  # fmt: skip
    return {"id": number, "lines": [line]}


def _side(pairs: Sequence[Sequence[Offer]], place: int, line: float) -> Json:
    best = max((pair[place] for pair in pairs), key=lambda offer: offer.price)
    return {
        "line": best.point, "odds": best.price, "book": 10, "consensus_line": line, "consensus_odds": -110,
        "probability": 0.5, "expected_value": 0.0, "bet_rating": 3,
    }  # fmt: skip


COUNTS: Mapping[str, Callable[[Any], int]] = {
    "player_points": lambda line: line.points, "player_rebounds": lambda line: line.rebounds,
    "player_assists": lambda line: line.assists, "player_threes": lambda line: line.threes,
    "player_steals": lambda line: line.steals, "player_blocks": lambda line: line.blocks,
    "pitcher_strikeouts": lambda line: line.strikeouts, "pitcher_earned_runs": lambda line: line.earned,
    "batter_hits": lambda line: line.hits, "batter_runs_scored": lambda line: line.runs,
    "batter_rbis": lambda line: line.rbi, "batter_total_bases": lambda line: line.bases,
    "batter_stolen_bases": lambda line: line.stolen, "batter_home_runs": lambda line: line.home_runs,
}  # fmt: skip


def _actual(game: Any, player: Any, market: str, now_s: float) -> int | None:
    """What the player really did; None before the end, or where he did not play."""
    if game.state(now_s) is not State.FINAL:
        return None
    if isinstance(game, Game):
        lines = [line for side in game.lines(now_s) for line in side if line.player is player and line.seconds]
        return COUNTS[market](lines[0]) if lines else None
    box, side = game.box(now_s), 0 if player in game.rosters[0] else 1
    line = (box.pitching if market.startswith("pitcher") else box.batting)[side].get(player.rank)
    return None if line is None else COUNTS[market](line)


def refuse(refusal: Refuse) -> Response:
    """An error as its gateway words it."""
    return json_response(
        refusal.status, {"message": refusal.message or refusal.reason or "error"}, refusal.headers, refusal.reason
    )
