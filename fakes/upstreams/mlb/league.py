"""The thirty clubs as the upstreams know them: facts, no behaviour.

Ids, abbreviations and ballparks are those of statsapi.mlb.com. BallDontLie numbers the clubs by their names (its id of
the first is recorded, the others are ours).
"""

from __future__ import annotations

from dataclasses import dataclass

LEAGUES = {"AL": (103, "American League"), "NL": (104, "National League")}
DIVISIONS = {
    ("AL", "West"): 200, ("AL", "East"): 201, ("AL", "Central"): 202,
    ("NL", "West"): 203, ("NL", "East"): 204, ("NL", "Central"): 205,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Club:
    """One club: MLB's and BallDontLie's id, MLB's abbreviation, what it is called and where it plays.

    `bdl_abbreviation` is what ESPN, BallDontLie and BettingPros write. `west_h` is how many hours its clocks are behind
    Eastern time; under a `roof` it never rains.
    """

    mlb_id: int
    bdl_id: int
    tricode: str
    bdl_abbreviation: str
    city: str
    name: str
    league: str
    division: str
    venue_id: int
    venue: str
    place: str
    state: str
    west_h: int
    roof: bool

    @property
    def full_name(self) -> str:
        """City and name, as The Odds API writes it."""
        return f"{self.city} {self.name}".strip()

    @property
    def country(self) -> str:
        """Where it plays."""
        return "Canada" if self.state == "Ontario" else "USA"

    @property
    def slug(self) -> str:
        """The name in lower case with hyphens."""
        return self.full_name.lower().replace(" ", "-").replace(".", "")


def _club(number: int, row: str) -> Club:
    (mlb_id, code, bdl, city, name, league, division, venue_id, venue, place, state, west, roof) = row.split("|")
    return Club(
        int(mlb_id), number, code, bdl or code, city, name, league, division, int(venue_id), venue, place, state,
        int(west), roof == "roof",
    )  # fmt: skip


CLUBS: tuple[Club, ...] = tuple(
    _club(number, row)
    for number, row in enumerate(
        (
            "109|AZ|ARI|Arizona|Diamondbacks|NL|West|15|Chase Field|Phoenix|Arizona|3|roof",
            "133|ATH|||Athletics|AL|West|2529|Sutter Health Park|Sacramento|California|3|",
            "144|ATL||Atlanta|Braves|NL|East|4705|Truist Park|Atlanta|Georgia|0|",
            "110|BAL||Baltimore|Orioles|AL|East|2|Oriole Park at Camden Yards|Baltimore|Maryland|0|",
            "111|BOS||Boston|Red Sox|AL|East|3|Fenway Park|Boston|Massachusetts|0|",
            "112|CHC||Chicago|Cubs|NL|Central|17|Wrigley Field|Chicago|Illinois|1|",
            "145|CWS|CHW|Chicago|White Sox|AL|Central|4|Rate Field|Chicago|Illinois|1|",
            "113|CIN||Cincinnati|Reds|NL|Central|2602|Great American Ball Park|Cincinnati|Ohio|0|",
            "114|CLE||Cleveland|Guardians|AL|Central|5|Progressive Field|Cleveland|Ohio|0|",
            "115|COL||Colorado|Rockies|NL|West|19|Coors Field|Denver|Colorado|2|",
            "116|DET||Detroit|Tigers|AL|Central|2394|Comerica Park|Detroit|Michigan|0|",
            "117|HOU||Houston|Astros|AL|West|2392|Daikin Park|Houston|Texas|1|roof",
            "118|KC||Kansas City|Royals|AL|Central|7|Kauffman Stadium|Kansas City|Missouri|1|",
            "108|LAA||Los Angeles|Angels|AL|West|1|Angel Stadium|Anaheim|California|3|",
            "119|LAD||Los Angeles|Dodgers|NL|West|22|Dodger Stadium|Los Angeles|California|3|",
            "146|MIA||Miami|Marlins|NL|East|4169|loanDepot park|Miami|Florida|0|roof",
            "158|MIL||Milwaukee|Brewers|NL|Central|32|American Family Field|Milwaukee|Wisconsin|1|roof",
            "142|MIN||Minnesota|Twins|AL|Central|3312|Target Field|Minneapolis|Minnesota|1|",
            "121|NYM||New York|Mets|NL|East|3289|Citi Field|Flushing|New York|0|",
            "147|NYY||New York|Yankees|AL|East|3313|Yankee Stadium|Bronx|New York|0|",
            "143|PHI||Philadelphia|Phillies|NL|East|2681|Citizens Bank Park|Philadelphia|Pennsylvania|0|",
            "134|PIT||Pittsburgh|Pirates|NL|Central|31|PNC Park|Pittsburgh|Pennsylvania|0|",
            "135|SD||San Diego|Padres|NL|West|2680|Petco Park|San Diego|California|3|",
            "137|SF||San Francisco|Giants|NL|West|2395|Oracle Park|San Francisco|California|3|",
            "136|SEA||Seattle|Mariners|AL|West|680|T-Mobile Park|Seattle|Washington|3|roof",
            "138|STL||St. Louis|Cardinals|NL|Central|2889|Busch Stadium|St. Louis|Missouri|1|",
            "139|TB||Tampa Bay|Rays|AL|East|12|Tropicana Field|St. Petersburg|Florida|0|roof",
            "140|TEX||Texas|Rangers|AL|West|5325|Globe Life Field|Arlington|Texas|1|roof",
            "141|TOR||Toronto|Blue Jays|AL|East|14|Rogers Centre|Toronto|Ontario|0|roof",
            "120|WSH||Washington|Nationals|NL|East|3309|Nationals Park|Washington|District of Columbia|0|",
        ),
        1,
    )
)
