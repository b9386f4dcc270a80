"""The pieces that many of statsapi.mlb.com's answers share: clubs, people, positions, statuses, statistics."""

from __future__ import annotations

from datetime import UTC, date, datetime

from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import State
from fakes.upstreams.mlb.league import DIVISIONS, LEAGUES, Club
from fakes.upstreams.mlb.lines import Batting, Pitching
from fakes.upstreams.mlb.roster import Ballplayer
from fakes.upstreams.mlb.season import BallGame

NOTICE = "Synthetic data of an emulator, in the shapes of statsapi.mlb.com"
POSITIONS = {
    "P": ("1", "Pitcher", "Pitcher"), "C": ("2", "Catcher", "Catcher"), "1B": ("3", "First Base", "Infielder"),
    "2B": ("4", "Second Base", "Infielder"), "3B": ("5", "Third Base", "Infielder"),
    "SS": ("6", "Shortstop", "Infielder"), "LF": ("7", "Outfielder", "Outfielder"),
    "CF": ("8", "Outfielder", "Outfielder"), "RF": ("9", "Outfielder", "Outfielder"),
    "DH": ("10", "Designated Hitter", "Hitter"), "PH": ("11", "Pinch Hitter", "Hitter"),
}  # fmt: skip
HANDS = {"L": "Left", "R": "Right", "S": "Switch"}
WARMUP_S, PREGAME_S = 1_500, 3_600
GAME_OVER_S = 900
"""A game is `Game Over` until the scorer is done with it, then `Final` (ours: about a quarter of an hour)."""


def stamp(moment_s: float, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """A moment in UTC."""
    return datetime.fromtimestamp(moment_s, UTC).strftime(form)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def reference(club: Club) -> Json:
    """A club where it is only named."""
    return {"id": club.mlb_id, "name": club.full_name, "link": f"/api/v1/teams/{club.mlb_id}"}


def club_body(club: Club, year: int) -> Json:
    """A club in full."""
    league_id, league = LEAGUES[club.league]
    division_id = DIVISIONS[club.league, club.division]
    return {
        "springLeague": {"id": 114 if club.division == "West" else 115, "name": "", "link": "", "abbreviation": ""},
        "allStarStatus": "N",
        **reference(club),
        "season": year,
        "venue": venue_reference(club),
        "teamCode": club.tricode.lower(),
        "fileCode": club.tricode.lower(),
        "abbreviation": club.tricode,
        "teamName": club.name,
        "locationName": club.place,
        "firstYearOfPlay": "1901",
        "league": {"id": league_id, "name": league, "link": f"/api/v1/league/{league_id}"},
        "division": {
            "id": division_id,
            "name": f"{league} {club.division}",
            "nameShort": f"{club.league} {club.division}",
            "link": f"/api/v1/divisions/{division_id}",
            "abbreviation": f"{club.league}{club.division[0]}",
        },
        "sport": {"id": 1, "link": "/api/v1/sports/1", "name": "Major League Baseball"},
        "shortName": club.city or club.name,
        "franchiseName": club.city or club.name,
        "clubName": club.name,
        "active": True,
    }


def venue_reference(club: Club) -> Json:
    """A ballpark where it is only named."""
    return {"id": club.venue_id, "name": club.venue, "link": f"/api/v1/venues/{club.venue_id}"}


def position(abbreviation: str) -> Json:
    """A place in the field; starters and relievers are pitchers."""
    short = "P" if abbreviation in ("SP", "RP") else abbreviation
    code, name, kind = POSITIONS[short]
    return {"code": code, "name": name, "type": kind, "abbreviation": short}


def person(player: Ballplayer) -> Json:
    """A player where he is only named."""
    return {"id": player.mlb_id, "fullName": player.name, "link": f"/api/v1/people/{player.mlb_id}"}


def person_body(player: Ballplayer, today: date) -> Json:
    """A player in full."""
    had_birthday = (today.month, today.day) >= (player.born.month, player.born.day)
    initial = player.first_name[0]
    return {
        **person(player),
        "firstName": player.first_name,
        "lastName": player.last_name,
        "primaryNumber": player.jersey,
        "birthDate": player.born.isoformat(),
        "currentAge": today.year - player.born.year - (not had_birthday),
        "birthCity": "Springfield",
        "birthCountry": "USA",
        "height": f"{player.height_in // 12}' {player.height_in % 12}\"",
        "weight": player.weight_lb,
        "active": True,
        "primaryPosition": position(player.position),
        "useName": player.first_name,
        "useLastName": player.last_name,
        "boxscoreName": player.last_name,
        "gender": "M",
        "isPlayer": True,
        "isVerified": True,
        "mlbDebutDate": player.debut.isoformat(),
        "batSide": {"code": player.bats, "description": HANDS[player.bats]},
        "pitchHand": {"code": player.throws, "description": HANDS[player.throws]},
        "nameFirstLast": player.name,
        "nameSlug": f"{player.name.lower().replace(' ', '-').replace('.', '')}-{player.mlb_id}",
        "firstLastName": player.name,
        "lastFirstName": f"{player.last_name}, {player.first_name}",
        "lastInitName": f"{player.last_name}, {initial}",
        "initLastName": f"{initial} {player.last_name}",
        "fullFMLName": player.name,
        "fullLFMName": f"{player.last_name}, {player.first_name}",
        "strikeZoneTop": round(0.0447 * player.height_in, 3),
        "strikeZoneBottom": round(0.0215 * player.height_in, 3),
    }


def status(game: BallGame, now_s: float) -> Json:
    """What MLB says of a game: its states as `/api/v1/gameStatus` has them."""
    abstract, coded, detailed, code, reason = _status(game, now_s)
    shown: Json = {
        "abstractGameState": abstract, "codedGameState": coded, "detailedState": detailed, "statusCode": code,
        "startTimeTBD": False, "abstractGameCode": abstract[0],
    }  # fmt: skip
    return {**shown, "reason": reason} if reason else shown


def _status(game: BallGame, now_s: float) -> tuple[str, str, str, str, str]:
    if game.called_off(now_s):
        return (
            ("Final", "D", "Postponed", "DR", "Rain") if game.postponed else ("Final", "C", "Cancelled", "CR", "Rain")
        )
    if game.suspended(now_s):
        return "Live", "U", "Suspended: Rain", "UR", "Rain"
    if game.delayed(now_s):
        return "Preview", "P", "Delayed Start: Rain", "PR", "Rain"
    match game.state(now_s):
        case State.LIVE:
            return "Live", "I", "In Progress", "I", ""
        case State.FINAL:
            over = now_s < game.final_s + GAME_OVER_S
            return ("Final", "O", "Game Over", "O", "") if over else ("Final", "F", "Final", "F", "")
    left_s = game.tip_s - now_s
    if left_s > PREGAME_S:
        return "Preview", "S", "Scheduled", "S", ""
    return ("Preview", "P", "Pre-Game", "P", "") if left_s > WARMUP_S else ("Live", "P", "Warmup", "PW", "")


def rate(value: float | None, places: int = 3) -> str:
    """A rate as baseball writes it: ".267", "1.013", "-.--" for none."""
    if value is None:
        return "-.--"
    text = f"{value:.{places}f}"
    return text.removeprefix("0") if places == 3 else text


def batting_body(line: Batting, *, season: bool = False) -> Json:
    """A hitter's counts, with his rates where they are those of the season."""
    counts: Json = {
        "gamesPlayed": line.games, "runs": line.runs, "doubles": line.doubles,
        "triples": line.triples, "homeRuns": line.home_runs, "strikeOuts": line.strikeouts,
        "baseOnBalls": line.walks, "intentionalWalks": 0, "hits": line.hits, "hitByPitch": line.hit_by_pitch,
        "atBats": line.at_bats, "caughtStealing": line.caught, "stolenBases": line.stolen,
        "groundIntoDoublePlay": line.double_plays, "groundIntoTriplePlay": 0, "plateAppearances": line.appearances,
        "totalBases": line.bases, "rbi": line.rbi, "leftOnBase": line.left_on_base, "sacBunts": 0,
        "sacFlies": line.sac_flies, "catchersInterference": 0, "pickoffs": 0,
    }  # fmt: skip
    if not season:
        return {"summary": f"{line.hits}-{line.at_bats}", **counts}
    return {
        **counts, "avg": rate(line.average), "obp": rate(line.on_base), "slg": rate(line.slugging),
        "ops": rate(line.on_base + line.slugging), "stolenBasePercentage":
        rate(line.stolen / (line.stolen + line.caught) if line.stolen + line.caught else None),
    }  # fmt: skip


def pitching_body(line: Pitching, *, season: bool = False) -> Json:
    """A pitcher's counts, with his rates where they are those of the season."""
    counts: Json = {
        "gamesPlayed": line.games, "gamesStarted": line.started, "gamesPitched": line.games, "runs": line.runs,
        "doubles": line.doubles, "triples": line.triples, "homeRuns": line.home_runs, "strikeOuts": line.strikeouts,
        "baseOnBalls": line.walks, "intentionalWalks": 0, "hits": line.hits, "hitByPitch": line.hit_batters,
        "hitBatsmen": line.hit_batters, "atBats": line.at_bats, "numberOfPitches": line.pitches,
        "pitchesThrown": line.pitches, "inningsPitched": line.innings, "wins": line.wins, "losses": line.losses,
        "saves": line.saves, "saveOpportunities": line.saves + line.blown, "holds": line.holds,
        "blownSaves": line.blown, "earnedRuns": line.earned, "battersFaced": line.faced, "outs": line.outs,
        "strikes": line.strikes, "balls": line.pitches - line.strikes,
        "strikePercentage": f"{line.strikes / line.pitches:.3f}"[1:] if line.pitches else ".---",
    }  # fmt: skip
    if not season:
        return {"summary": f"{line.innings} IP, {line.earned} ER, {line.strikeouts} K, {line.walks} BB", **counts}
    return {**counts, "era": rate(line.era, 2), "whip": rate(line.whip, 2),
            "avg": rate(line.hits / line.at_bats if line.at_bats else None)}  # fmt: skip
