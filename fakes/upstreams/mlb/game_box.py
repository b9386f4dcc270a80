"""statsapi.mlb.com's line score and box score of a game, as of a moment."""

from __future__ import annotations

from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import State
from fakes.upstreams.mlb.bodies import batting_body, club_body, ordinal, person, pitching_body, position, reference
from fakes.upstreams.mlb.innings import Squad
from fakes.upstreams.mlb.lines import Batting, Pitching, added, by_inning
from fakes.upstreams.mlb.plays import AWAY, HOME, Play
from fakes.upstreams.mlb.roster import Ballplayer
from fakes.upstreams.mlb.season import BallGame, active
from fakes.upstreams.mlb.totals import Totals

SIDES = ("home", "away")


def line_score(game: BallGame, now_s: float) -> Json:
    """Innings, sums, and who is on base; nearly empty before the first pitch."""
    plays = game.plays(now_s)
    if not plays:
        sides = {"defense": {"team": reference(game.home)}, "offense": {"team": reference(game.away)}}
        return {"scheduledInnings": 9, "innings": [], "teams": {"home": {}, "away": {}}, **sides}
    final = game.state(now_s) is State.FINAL
    per_side = [by_inning(side, plays) for side in (HOME, AWAY)]
    errors = [sum(play.event == "field_error" and play.side != side for play in plays) for side in (HOME, AWAY)]
    last = plays[-1]
    innings = []
    for number in range(1, last.inning + 1):
        row: Json = {"num": number, "ordinalNum": ordinal(number)}
        for side, name in enumerate(SIDES):
            lines = per_side[side]
            if number <= len(lines):
                line = lines[number - 1]
                row[name] = {"runs": line.runs, "hits": line.hits, "errors": line.errors, "leftOnBase": line.left}
            else:  # the home club has not batted: no `runs`
                row[name] = {"hits": 0, "errors": 0, "leftOnBase": 0}
        innings.append(row)
    over = last.outs == 3
    half = "Bottom" if last.side == HOME else "Top"
    state = half if final or not over else "End" if last.side == HOME else "Middle"
    sums: Json = {}
    for side, name in enumerate(SIDES):
        sums[name] = {
            "runs": last.score[side], "hits": sum(line.hits for line in per_side[side]), "errors": errors[side],
            "leftOnBase": sum(line.left for line in per_side[side]),
        }  # fmt: skip
        if final:
            sums[name]["isWinner"] = last.score[side] > last.score[1 - side]
    return {
        "currentInning": last.inning,
        "currentInningOrdinal": ordinal(last.inning),
        "inningState": state,
        "inningHalf": half,
        "isTopInning": last.side == AWAY,
        "scheduledInnings": 9,
        "innings": innings,
        "teams": sums,
        "defense": {"pitcher": person(_player(game, 1 - last.side, last.pitcher)), "team": _club(game, 1 - last.side)},
        "offense": _offense(game, last),
        "balls": sum(pitch == "B" for pitch in last.pitches) % 4,
        "strikes": min(2, sum(pitch in "CSF" for pitch in last.pitches)),
        "outs": last.outs,
    }


def _club(game: BallGame, side: int) -> Json:
    return reference((game.home, game.away)[side])


def _player(game: BallGame, side: int, place: int) -> Ballplayer:
    return game.rosters[side][place]


def _offense(game: BallGame, last: Play) -> Json:
    shown: Json = {"batter": person(_player(game, last.side, last.batter)), "team": _club(game, last.side)}
    for name, runner in zip(("first", "second", "third"), last.bases, strict=True):
        if runner is not None and last.outs < 3:
            shown[name] = person(_player(game, last.side, runner))
    return shown


def box_score(game: BallGame, totals: Totals, now_s: float) -> Json:
    """Both clubs' players with their lines of the game and of the season to that game."""
    return {
        "teams": {name: _side(game, side, totals, now_s) for side, name in reversed(list(enumerate(SIDES)))},
        "officials": _officials(game),
        "info": [{"label": "Venue", "value": f"{game.home.venue}."}],
        "pitchingNotes": [],
        "topPerformers": [],
    }


def _officials(game: BallGame) -> list[Json]:
    names = ("Home Plate", "First Base", "Second Base", "Third Base")
    first = 400_000 + int(game.game_id) % 90
    return [
        {"official": {"id": first + n, "fullName": f"Umpire {first + n}", "link": f"/api/v1/people/{first + n}"},
         "officialType": name}
        for n, name in enumerate(names)
    ]  # fmt: skip


def _side(game: BallGame, side: int, totals: Totals, now_s: float) -> Json:
    club = (game.home, game.away)[side]
    shown: Json = {"team": club_body(club, game.season_year)}
    if not game.lineup_known(now_s):
        empty: Json = {"batting": {}, "pitching": {}, "fielding": {}}
        names = ("batters", "pitchers", "bench", "bullpen", "battingOrder", "info", "note")
        lists: Json = {name: [] for name in names}
        return {**shown, "teamStats": empty, "players": {}, **lists}
    squad, plays = game.squads[side], game.plays(now_s)
    box = game.box(now_s)
    hit, thrown = box.batting[side], box.pitching[side]
    order = batting_order(squad, side, plays)
    pitchers = list(thrown) or [squad.starter]
    able = [player.rank for player in active(game.rosters[side], totals.injuries, game.day)]
    there = list(dict.fromkeys((*order, *pitchers, *able)))
    players: Json = {}
    for place in there:
        players[f"ID{squad.players[place].mlb_id}"] = _entry(
            game, side, place, order.get(place), hit.get(place), thrown.get(place), totals, now_s
        )
    current = {place for place, spot in order.items() if not spot[0] % 100 or plays}
    team_batting, team_pitching = added(hit.values(), Batting()), added(thrown.values(), Pitching())
    left = sum(line.left for line in by_inning(side, plays))
    team_batting.left_on_base, team_batting.games, team_pitching.games = left, 1, 1

    def ids(places: list[int]) -> list[int]:
        return [squad.players[place].mlb_id for place in places]

    slots = {spot[0] // 100: place for place, spot in order.items()}  # whoever came last bats there
    return {
        **shown,
        "teamStats": {
            "batting": {**batting_body(team_batting), **batting_body(team_batting, season=True)},
            "pitching": {**pitching_body(team_pitching), **pitching_body(team_pitching, season=True)},
            "fielding": _fielding(team_batting),
        },
        "players": players,
        "batters": ids([*order, *(place for place in pitchers if place not in order)]),
        "pitchers": ids(pitchers),
        "bench": ids([p for p in able if p not in current and not squad.players[p].pitches]),
        "bullpen": ids([p for p in able if p not in pitchers and squad.players[p].pitches]),
        "battingOrder": ids([slots[slot] for slot in sorted(slots)]),
        "info": [],
        "note": [],
    }


def batting_order(squad: Squad, side: int, plays: tuple[Play, ...]) -> dict[int, tuple[int, str]]:
    """MLB's three digits of each who is or was in the batting order, and his position: 100 leads off, 101 is the first
    to take his place.
    """
    order = {place: (100 * (slot + 1), where) for slot, (place, where) in enumerate(squad.order)}
    came: dict[int, int] = {}
    for play in plays:
        if play.side == side and play.replaced is not None:
            came[play.slot] = came.get(play.slot, 0) + 1
            order[play.batter] = (100 * (play.slot + 1) + came[play.slot], "PH")
    return order


def _entry(
    game: BallGame, side: int, place: int, spot: tuple[int, str] | None, hit: Batting | None,
    thrown: Pitching | None, totals: Totals, now_s: float,
) -> Json:  # fmt: skip
    player = game.rosters[side][place]
    season_batting, season_pitching = totals.of(player, now_s, up_to=game)
    where = position(spot[1] if spot else player.position)
    shown: Json = {
        "person": person(player),
        "jerseyNumber": player.jersey,
        "position": where,
        "status": {"code": "A", "description": "Active"},
        "parentTeamId": (game.home, game.away)[side].mlb_id,
    }
    if spot:
        shown["battingOrder"] = str(spot[0])
    shown["stats"] = {
        "batting": batting_body(hit) if hit and spot else {},
        "pitching": pitching_body(thrown) if thrown else {},
        "fielding": _fielding(hit) if hit else {},
    }
    if thrown and (note := _note(thrown, season_pitching)):
        shown["stats"]["pitching"]["note"] = note
    shown["seasonStats"] = {
        "batting": batting_body(season_batting, season=True),
        "pitching": pitching_body(season_pitching, season=True),
        "fielding": _fielding(season_batting),
    }
    final = game.state(now_s) is State.FINAL
    shown["gameStatus"] = {
        "isCurrentBatter": False,
        "isCurrentPitcher": False,
        "isOnBench": not (spot or thrown) and not final,
        "isSubstitute": bool(spot and spot[0] % 100) or bool(thrown and not thrown.started),
    }
    if spot or thrown:
        shown["allPositions"] = [where]
    return shown


def _note(line: Pitching, season: Pitching) -> str:
    """What stands behind a pitcher's name: "(W, 5-2)"."""
    if line.wins:
        return f"(W, {season.wins}-{season.losses})"
    if line.losses:
        return f"(L, {season.wins}-{season.losses})"
    if line.saves:
        return f"(S, {season.saves})"
    return f"(H, {season.holds})" if line.holds else f"(BS, {season.blown})" if line.blown else ""


def _fielding(line: Batting) -> Json:
    return {"putOuts": line.putouts, "errors": line.errors, "chances": line.putouts + line.errors,
            "caughtStealing": 0, "passedBall": 0, "stolenBases": 0, "pickoffs": 0}  # fmt: skip
