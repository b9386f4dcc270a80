"""statsapi.mlb.com's live feed of a game: everything there is to know of it, play by play and pitch by pitch."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import groupby

from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN, State
from fakes.upstreams.mlb.bodies import (
    HANDS,
    NOTICE,
    club_body,
    person,
    person_body,
    reference,
    stamp,
    status,
    venue_reference,
)
from fakes.upstreams.mlb.game_box import SIDES, box_score, line_score
from fakes.upstreams.mlb.plays import AWAY, HITS, Play
from fakes.upstreams.mlb.roster import Ballplayer
from fakes.upstreams.mlb.season import BallGame
from fakes.upstreams.mlb.totals import Totals

EVENTS = {
    "strikeout": ("Strikeout", "strikeout", "strikes out"), "walk": ("Walk", "walk", "walks"),
    "hit_by_pitch": ("Hit By Pitch", "hit_by_pitch", "hit by pitch"),
    "home_run": ("Home Run", "home_run", "homers"), "triple": ("Triple", "triple", "triples"),
    "double": ("Double", "double", "doubles"), "single": ("Single", "single", "singles"),
    "field_error": ("Field Error", "field_error", "reaches on a fielding error"),
    "groundout": ("Groundout", "field_out", "grounds out"), "flyout": ("Flyout", "field_out", "flies out"),
    "lineout": ("Lineout", "field_out", "lines out"), "pop_out": ("Pop Out", "field_out", "pops out"),
    "grounded_into_double_play": ("Grounded Into DP", "grounded_into_double_play", "grounds into a double play"),
    "force_out": ("Forceout", "force_out", "grounds into a force out"), "sac_fly": ("Sac Fly", "sac_fly",
    "out on a sacrifice fly"), "stolen_base_2b": ("Stolen Base 2B", "stolen_base_2b", "steals 2nd base"),
    "caught_stealing_2b": ("Caught Stealing 2B", "caught_stealing_2b", "caught stealing 2nd base"),
}  # fmt: skip
"""MLB's name and type of each event, and how a description says it."""

CALLS = {
    "B": ("B", "Ball"), "C": ("C", "Called Strike"), "S": ("S", "Swinging Strike"), "F": ("F", "Foul"),
    "X": ("X", "In play, out(s)"), "H": ("H", "Hit By Pitch"), "D": ("D", "In play, no out"),
    "E": ("E", "In play, run(s)"),
}  # fmt: skip
ARSENAL = (
    ("FF", "Four-Seam Fastball", 94.2, 2.0, 36), ("SL", "Slider", 85.5, 2.0, 22), ("SI", "Sinker", 93.4, 2.0, 15),
    ("CH", "Changeup", 85.8, 2.0, 12), ("CU", "Curveball", 79.6, 2.2, 8), ("FC", "Cutter", 89.2, 2.0, 7),
)  # fmt: skip
"""Pitches with their mean speed in miles an hour, its deviation, and how many in a hundred (Statcast, 2023)."""

FLAGS = (
    "noHitter", "perfectGame", "awayTeamNoHitter", "awayTeamPerfectGame", "homeTeamNoHitter", "homeTeamPerfectGame",
)  # fmt: skip
BASES = {0: None, 1: "1B", 2: "2B", 3: "3B", 4: "score"}


def feed(game: BallGame, totals: Totals, now_s: float) -> Json:
    """The whole feed as of a moment."""
    played = all_plays(game, now_s)
    shown: Json = {
        "copyright": NOTICE,
        "gamePk": int(game.game_id),
        "link": f"/api/v1.1/game/{game.game_id}/feed/live",
        "metaData": {
            "wait": 10,
            "timeStamp": stamp(now_s, "%Y%m%d_%H%M%S"),
            "gameEvents": [],
            "logicalEvents": [],
        },
        "gameData": _game_data(game, now_s),
    }
    shown["liveData"] = {
        "plays": plays_body(game, played),
        "linescore": line_score(game, now_s),
        "boxscore": box_score(game, totals, now_s),
        "leaders": {"hitDistance": {}, "hitSpeed": {}, "pitchSpeed": {}},
    }
    if game.state(now_s) is State.FINAL:
        shown["liveData"]["decisions"] = decisions(game)
    return shown


def decisions(game: BallGame) -> Json:
    """Winner, loser and, where there is one, who saved it."""
    made = game.decisions
    won = 0 if game.final_score[0] > game.final_score[1] else 1
    ours, theirs = game.rosters[won], game.rosters[1 - won]
    shown = {"winner": person(ours[made.winner]), "loser": person(theirs[made.loser])}
    return shown if made.save is None else {**shown, "save": person(ours[made.save])}


def _game_data(game: BallGame, now_s: float) -> Json:
    local = game.starts_at.astimezone(EASTERN)
    players: Json = {}
    if game.lineup_known(now_s):
        for side in (0, 1):
            players |= {f"ID{p.mlb_id}": person_body(p, game.day) for p in game.rosters[side]}
    probable = {name: person(p) for side, name in enumerate(SIDES) if (p := game.starter(side, now_s))}
    away, home = game.away.tricode.lower(), game.home.tricode.lower()
    return {
        "game": {
            "pk": int(game.game_id),
            "type": "R",
            "doubleHeader": double_header(game),
            "id": f"{game.day:%Y/%m/%d}/{away}mlb-{home}mlb-{game.number_of_day}",
            "gamedayType": "P",
            "tiebreaker": "N",
            "gameNumber": game.number_of_day,
            "calendarEventID": f"14-{game.game_id}-{game.day}",
            "season": str(game.season_year),
            "seasonDisplay": str(game.season_year),
        },
        "datetime": {
            "dateTime": stamp(game.tip_s),
            "originalDate": (game.made_up_from or game.day).isoformat(),
            "officialDate": game.day.isoformat(),
            "dayNight": day_night(game),
            "time": local.strftime("%I:%M").lstrip("0"),
            "ampm": local.strftime("%p"),
        },
        "status": status(game, now_s),
        "teams": {
            "away": club_body(game.away, game.season_year),
            "home": club_body(game.home, game.season_year),
        },
        "players": players,
        "venue": venue_reference(game.home),
        "officialVenue": venue_reference(game.home),
        "weather": {
            "condition": "Roof Closed" if game.home.roof else "Clear",
            "temp": "68",
            "wind": "0 mph, None",
        },
        "gameInfo": {"firstPitch": stamp(game.begins_s)} if now_s >= game.begins_s else {},
        "review": {
            "hasChallenges": True,
            **{name: {"used": 0, "remaining": 1} for name in ("away", "home")},
        },
        "flags": dict.fromkeys(FLAGS, False),
        "alerts": [],
        "probablePitchers": probable,
    }


def day_night(game: BallGame) -> str:
    """`day` for a start before five in the afternoon by the park's clock."""
    return "day" if game.starts_at.astimezone(EASTERN).hour - game.home.west_h < 17 else "night"


def double_header(game: BallGame) -> str:
    """N for a single game, S for two with separate gates (any made up here), Y for one ticket."""
    return "N" if game.games_of_day == 1 else "S"


def all_plays(game: BallGame, now_s: float) -> list[Json]:
    """Every plate appearance so far; steals are events within the one that follows them."""
    shown: list[Json] = []
    waiting: list[Play] = []
    for play in game.plays(now_s):
        waiting.append(play)
        if play.appearance or play.outs == 3:
            shown.append(_play_body(game, waiting, len(shown)))
            waiting = []
    return shown


def plays_body(game: BallGame, played: Sequence[Json]) -> Json:
    """The plays with their indexes."""
    innings = []
    for _, group in groupby(played, key=lambda play: play["about"]["inning"]):
        both = list(group)
        halves = {
            half: [play["atBatIndex"] for play in both if play["about"]["halfInning"] == half]
            for half in ("top", "bottom")
        }
        first, last = both[0]["atBatIndex"], both[-1]["atBatIndex"]
        hits = {name: _hits(game, both, half) for name, half in (("away", "top"), ("home", "bottom"))}
        innings.append({"startIndex": first, "endIndex": last, **halves, "hits": hits})
    shown: Json = {
        "allPlays": list(played),
        "scoringPlays": [play["atBatIndex"] for play in played if play["about"]["isScoringPlay"]],
        "playsByInning": innings,
    }
    return {**shown, "currentPlay": played[-1]} if played else shown


def _hits(game: BallGame, played: Sequence[Json], half: str) -> list[Json]:
    """The balls in play of half an inning, without where they went."""
    shown = []
    club = game.away if half == "top" else game.home
    for play in played:
        last = play["playEvents"][-1]["details"] if play["playEvents"] else {}
        if play["about"]["halfInning"] == half and last.get("isInPlay"):
            shown.append(
                {
                    "team": reference(club), "inning": play["about"]["inning"], "coordinates": {},
                    "pitcher": play["matchup"]["pitcher"], "batter": play["matchup"]["batter"],
                    "type": "H" if play["result"]["eventType"] in HITS else "O",
                    "description": play["result"]["event"],
                }
            )  # fmt: skip
    return shown


def _play_body(game: BallGame, parts: Sequence[Play], index: int) -> Json:
    play = parts[-1]
    ours, theirs = game.rosters[play.side], game.rosters[1 - play.side]
    batter, pitcher = ours[play.batter], theirs[play.pitcher]
    event, kind, said = EVENTS[play.event]
    ended_s = _moment(game, play.at)
    begun_s = ended_s - 6 * len(play.pitches) - 15
    scored = sum(len(part.runs) for part in parts)
    top = play.side == AWAY
    who = batter if play.appearance else ours[play.moves[0].runner]
    events = list(_events(game, parts, begun_s))
    return {
        "result": {
            "type": "atBat",
            "event": event,
            "eventType": kind,
            "description": _described(who, said, play, ours),
            "rbi": play.rbi,
            "awayScore": play.score[AWAY],
            "homeScore": play.score[1 - AWAY],
            "isOut": play.made_outs > 0,
        },
        "about": {
            "atBatIndex": index,
            "halfInning": "top" if top else "bottom",
            "isTopInning": top,
            "inning": play.inning,
            "startTime": stamp(begun_s, "%Y-%m-%dT%H:%M:%S.000Z"),
            "endTime": stamp(ended_s, "%Y-%m-%dT%H:%M:%S.000Z"),
            "isComplete": True,
            "isScoringPlay": scored > 0,
            "hasReview": False,
            "hasOut": any(part.made_outs for part in parts),
            "captivatingIndex": min(100, 14 * scored + 7 * (play.event in HITS)),
        },
        "count": {
            "balls": sum(pitch == "B" for pitch in play.pitches),
            "strikes": min(3 if play.event == "strikeout" else 2, sum(pitch in "CSF" for pitch in play.pitches)),
            "outs": play.outs,
        },
        "matchup": {
            "batter": person(batter),
            "batSide": _bats(batter, pitcher),
            "pitcher": person(pitcher),
            "pitchHand": {"code": pitcher.throws, "description": HANDS[pitcher.throws]},
            "batterHotColdZones": [],
            "pitcherHotColdZones": [],
            "splits": {
                "batter": f"vs_{pitcher.throws}HP",
                "pitcher": f"vs_{_bats(batter, pitcher)['code']}HB",
                "menOnBase": ("Empty", "Men_On", "RISP", "Loaded")[_men_on(play)],
            },
        },
        "pitchIndex": [event["index"] for event in events if event["isPitch"]],
        "actionIndex": [event["index"] for event in events if not event["isPitch"]],
        "runnerIndex": list(range(sum(len(part.moves) for part in parts))),
        "runners": [body for part in parts for body in _runners(game, part)],
        "playEvents": events,
        "playEndTime": stamp(ended_s, "%Y-%m-%dT%H:%M:%S.000Z"),
        "atBatIndex": index,
    }


def _moment(game: BallGame, share: float) -> float:
    """When that share of the game is over."""
    if not game.halts:
        return game.begins_s + share * (game.final_s - game.begins_s)
    length_s = (game.halted_s - game.begins_s) / game.halt
    return game.begins_s + share * length_s if share <= game.halt else game.resumes_s + (share - game.halt) * length_s


def _bats(batter: Ballplayer, pitcher: Ballplayer) -> Json:
    code = batter.bats if batter.bats != "S" else "L" if pitcher.throws == "R" else "R"
    return {"code": code, "description": HANDS[code]}


def _men_on(play: Play) -> int:
    """0 for empty bases after it, 1 for a man on first, 2 for one in scoring position, 3 for all."""
    first, second, third = (base is not None for base in play.bases)
    return 3 if first and second and third else 2 if second or third else int(first)


def _described(who: Ballplayer, said: str, play: Play, ours: Sequence[Ballplayer]) -> str:
    text = f"{who.name} {said}."
    for move in play.moves:
        if move.start and move.end == 4:
            text += f" {ours[move.runner].name} scores."
    return text


def _events(game: BallGame, parts: Sequence[Play], begun_s: float) -> Iterator[Json]:
    """Steals and pitches, in order."""
    index = 0
    for part in parts[:-1] if parts[-1].appearance else parts:
        event, kind, said = EVENTS[part.event]
        runner = game.rosters[part.side][part.moves[0].runner]
        yield {
            "details": {"description": f"{runner.name} {said}.", "event": event, "eventType": kind,
                        "awayScore": part.score[AWAY], "homeScore": part.score[1 - AWAY], "isScoringPlay": False,
                        "isOut": part.made_outs > 0, "hasReview": False},
            "count": {"balls": 0, "strikes": 0, "outs": part.outs}, "index": index, "isPitch": False,
            "type": "action", "isBaseRunningPlay": True, "player": _id(runner),
        }  # fmt: skip
        index += 1
    play = parts[-1]
    batter = game.rosters[play.side][play.batter]
    balls = strikes = 0
    rng = random.Random(f"{game.seed}/{game.game_id}/{play.inning}/{play.side}/{play.at}")
    for number, pitch in enumerate(play.pitches, 1):
        balls += pitch == "B"
        strikes += pitch in "CS" or (pitch == "F" and strikes < 2)
        code, text = CALLS[pitch if pitch != "X" else "E" if play.runs else "X" if play.made_outs else "D"]
        (kind, name, mph, spread, _), *_ = rng.choices(ARSENAL, [weight for *_, weight in ARSENAL])
        at_s = begun_s + 6 * number
        yield {
            "details": {
                "call": {"code": code, "description": text}, "description": text, "code": code,
                "isInPlay": pitch == "X", "isStrike": pitch in "CSF", "isBall": pitch in "BH",
                "type": {"code": kind, "description": name}, "isOut": pitch == "X" and play.made_outs > 0,
                "hasReview": False,
            },
            "count": {"balls": balls, "strikes": strikes, "outs": play.outs - play.made_outs},
            "pitchData": {
                "startSpeed": round(rng.gauss(mph, spread), 1), "endSpeed": round(rng.gauss(mph - 8, spread), 1),
                "strikeZoneTop": round(0.0447 * batter.height_in, 2),
                "strikeZoneBottom": round(0.0215 * batter.height_in, 2),
                "breaks": {"spinRate": round(rng.gauss(2_280, 180))},
                "zone": rng.randint(11, 14) if pitch in "BH" else rng.randint(1, 9),
            },
            "index": index, "pitchNumber": number, "startTime": stamp(at_s, "%Y-%m-%dT%H:%M:%S.000Z"),
            "endTime": stamp(at_s + 4, "%Y-%m-%dT%H:%M:%S.000Z"), "isPitch": True, "type": "pitch",
        }  # fmt: skip
        index += 1


def _id(player: Ballplayer) -> Json:
    return {"id": player.mlb_id, "link": f"/api/v1/people/{player.mlb_id}"}


def _runners(game: BallGame, play: Play) -> Iterator[Json]:
    event, kind, _ = EVENTS[play.event]
    outs = play.outs - play.made_outs
    for move in play.moves:
        out, scores = move.end == 0, move.end == 4
        outs += out
        yield {
            "movement": {
                "originBase": BASES[move.start], "start": BASES[move.start],
                "end": None if out else BASES[move.end], "outBase": BASES[move.start + 1] if out else None,
                "isOut": out, "outNumber": outs if out else None,
            },
            "details": {
                "event": event, "eventType": kind, "movementReason": None,
                "runner": person(game.rosters[play.side][move.runner]),
                "responsiblePitcher": _id(game.rosters[1 - play.side][move.pitcher]) if scores else None,
                "isScoringEvent": scores, "rbi": scores and play.rbi > 0, "earned": scores and move.earned,
                "teamUnearned": False, "playIndex": 0,
            },
            "credits": [],
        }  # fmt: skip
