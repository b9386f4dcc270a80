"""The thirty teams as the upstreams know them: facts, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Team:
    """One team: BallDontLie's id, NBA.com's id, its tricode, and what it is called and where it plays."""

    bdl_id: int
    nba_id: int
    tricode: str
    city: str
    name: str
    conference: str
    division: str

    @property
    def full_name(self) -> str:
        """City and name, as The Odds API writes it."""
        return f"{self.city} {self.name}"


def _team(row: str) -> Team:
    bdl_id, nba_id, tricode, city, name, conference, division = row.split("|")
    return Team(int(bdl_id), 1610612700 + int(nba_id), tricode, city, name, conference, division)


TEAMS: tuple[Team, ...] = tuple(
    _team(row)
    for row in (
        "1|37|ATL|Atlanta|Hawks|East|Southeast",
        "2|38|BOS|Boston|Celtics|East|Atlantic",
        "3|51|BKN|Brooklyn|Nets|East|Atlantic",
        "4|66|CHA|Charlotte|Hornets|East|Southeast",
        "5|41|CHI|Chicago|Bulls|East|Central",
        "6|39|CLE|Cleveland|Cavaliers|East|Central",
        "7|42|DAL|Dallas|Mavericks|West|Southwest",
        "8|43|DEN|Denver|Nuggets|West|Northwest",
        "9|65|DET|Detroit|Pistons|East|Central",
        "10|44|GSW|Golden State|Warriors|West|Pacific",
        "11|45|HOU|Houston|Rockets|West|Southwest",
        "12|54|IND|Indiana|Pacers|East|Central",
        "13|46|LAC|LA|Clippers|West|Pacific",
        "14|47|LAL|Los Angeles|Lakers|West|Pacific",
        "15|63|MEM|Memphis|Grizzlies|West|Southwest",
        "16|48|MIA|Miami|Heat|East|Southeast",
        "17|49|MIL|Milwaukee|Bucks|East|Central",
        "18|50|MIN|Minnesota|Timberwolves|West|Northwest",
        "19|40|NOP|New Orleans|Pelicans|West|Southwest",
        "20|52|NYK|New York|Knicks|East|Atlantic",
        "21|60|OKC|Oklahoma City|Thunder|West|Northwest",
        "22|53|ORL|Orlando|Magic|East|Southeast",
        "23|55|PHI|Philadelphia|76ers|East|Atlantic",
        "24|56|PHX|Phoenix|Suns|West|Pacific",
        "25|57|POR|Portland|Trail Blazers|West|Northwest",
        "26|58|SAC|Sacramento|Kings|West|Pacific",
        "27|59|SAS|San Antonio|Spurs|West|Southwest",
        "28|61|TOR|Toronto|Raptors|East|Atlantic",
        "29|62|UTA|Utah|Jazz|West|Northwest",
        "30|64|WAS|Washington|Wizards|East|Southeast",
    )
)
