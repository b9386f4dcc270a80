"""What the upstreams do of the real ones: the remarks for docs/emulated/upstreams.md."""

from __future__ import annotations

from fakes.coverage import Remark
from fakes.pages import Page
from fakes.upstreams.habits import HABITS

PAGE = Page(
    "The upstreams",
    '`tunnel.backend("upstreams", ...)` puts these sites on the network under their own host names. Their contents are '
    "a synthetic season of the NBA and one of MLB that go live and final with the clock, or a folder of recorded "
    "answers. What a site shows is a function of season and time alone: asking twice, in another order or for the "
    "state of an hour ago (`ServeStale`) agrees.",
    {
        "api.balldontlie.io": Remark(
            "approximated", "NBA (`/v1`, `/nba/v1`): box scores, games, stats, players, teams, season averages, "
            "standings, leaders, injuries; MLB (`/mlb/v1`): games, stats, season stats of players and clubs, players, "
            "teams, standings, injuries. Key (401 in plain text), `per_page` ≤ 100 and `cursor`, 600 requests a minute "
            "(429). Held to its Python client. Odds, lineups, plays, advanced stats, contracts, splits and versus "
            "are a 501 that makes a run unknown; the wording of error bodies and MLB's team ids are our own",
        ),
        "cdn.nba.com": Remark(
            "approximated", "`scheduleLeagueV2.json`, and from the tip-off the live box score and play-by-play of a "
            "game; ETag and 304; 403 in XML for any other path. Actions have no places on the floor, substitutions and "
            "time-outs are not told",
        ),
        "stats.nba.com": Remark(
            "approximated", "scoreboardv2, leaguegamelog (players), boxscoretraditionalv2, scheduleleaguev2int; 403 "
            "without browser headers, 400 for a missing parameter; broadcasters are placeholders",
        ),
        "site.api.espn.com": Remark(
            "approximated", "NBA scoreboard, teams, rosters with injuries, and the box score of a summary, with "
            "ESPN's ids and abbreviations; links, logos, odds and other sports are left out",
        ),
        "api.the-odds-api.com": Remark(
            "approximated", "v4 for `basketball_nba` and `baseball_mlb`: sports, events, odds, scores, an event's "
            "odds, and the historical twins of events and odds (snapshots five minutes apart). Markets `h2h`, "
            "`spreads`, `totals` and twelve player props a sport at most; `regions`, `bookmakers`, `oddsFormat`, "
            "`dateFormat`; credits by markets × regions (× 10 in the past) in `x-requests-*`; errors with "
            "`error_code`. Events vanish with their start (404), so no odds are live; alternate lines and participants "
            "are refused",
        ),
        "api.sendgrid.com": Remark(
            "approximated", "`/v3/mail/send`: 202, 400 by field, 401, 413 over 30 MB, 600 a minute, `X-RateLimit-*` "
            "(429); `sent` keeps the mail",
        ),
        "hooks.slack.com": Remark(
            "approximated", "webhooks: `ok`, `invalid_payload`, `no_text`, `no_service`; one a second (429 with "
            "`Retry-After`); `messages` keeps what was taken",
        ),
        "statsapi.mlb.com": Remark(
            "approximated", "schedule (by date, span, game, club, season; `hydrate` of team, probablePitcher, "
            "linescore, decisions, lineups, seriesStatus), live feed with `timecode` and pitches, box score, line "
            "score, play by play, clubs, rosters, people with season and game-log statistics, standings, venues, "
            "sports, leagues, divisions; `fields`; errors with `messageNumber`. Held to MLB-StatsAPI and "
            "python-mlb-statsapi. Postponed and suspended games are on both days under one `gamePk`. Other endpoints "
            "are a 501 that makes a run unknown",
        ),
        "api.bettingpros.com": Remark(
            "approximated", "`/v3/events`, `/v3/offers` (ten a page), `/v3/props` (fifty a page, with what players "
            "did) of both sports; 403 without key or user agent; projections and performance are placeholders",
        ),
        "ak-static.cms.nba.com": Remark("refused", "injury reports as PDF: a 501 by name, which makes a run unknown"),
        "names": Remark(
            "supported", "as each site writes them: NBA.com and MLB keep accents and `Jr.`, BallDontLie and ESPN drop "
            "accents, bookmakers the dot of a suffix too; `LA Clippers` are `Los Angeles Clippers` to bookmakers; each "
            "site has its own ids and abbreviations",
        ),
        "a game": Remark(
            "supported", "drawn as plays, so that every moment adds up: players to teams, teams to scores and periods, "
            "240 minutes and 25 an overtime; the hurt don't play. 2 h 15 min on average, 20 min more an overtime",
        ),
        "a season": Remark(
            "approximated", "the NBA's: home and away in balance, back-to-backs one game in six, no three days in "
            "a row, all-star break and off-season where `slates` are not given; no playoffs. The players are made up",
        ),
        "a game of baseball": Remark(
            "supported", "drawn pitch by pitch at MLB's rates of 2023, so that every moment adds up: runs to clubs, "
            "innings and pitchers, everybody who bats to runs, outs and runners left; earned runs, decisions, saves "
            "and holds by the rules; the automatic runner of extra innings. 2 h 40 min on average. No wild pitches, "
            "balks, bunts, replays",
        ),
        "a season of MLB": Remark(
            "approximated", "series of two to four games, five starters in turn, injured lists, days off on Mondays "
            "and Thursdays; in the open rain calls off 1.5 % of the games, made up as split double headers, and a few "
            "are suspended; none in winter and in the all-star break. No playoffs, no trades",
        ),
    },
    tables=(
        (
            "Habits",
            ("reason", "fault", "what it does"),
            [(f"`{name}`", f"`{habit.spelling}`", habit.text) for name, habit in HABITS.items()],
        ),
        (
            "Options",
            ("option", "means"),
            [
                ("`first_day`", "first day of the season (Eastern), `2026-01-10` unless given"),
                ("`slates`", "games of each day, 0 to 15; without it `days` days of `games_per_day` (two bounds)"),
                ("`first_number`", "number of the first game: ids are `00225` and five digits"),
                ("`postponed`", "ids of games that are called off, or id → the day on which each is made up"),
                ("`cancelled`", "ids of games that vanish three hours before their start"),
                ("`late`", "id → minutes by which a game begins late"),
                ("`corrected`", "ids of games whose statistics are changed 14 h after their end"),
                ("`extra`", "games on top: `{day, home, away, at}`, two of one team on one day too"),
                ("`mlb`", "the same options for MLB, and `suspended` (ids) and `rain` (`true`)"),
                (
                    "`captures`", "a folder of recorded answers instead of seasons, or host (or glob) → folder, and "
                    "the other hosts show the seasons: `HOST/PATH/QUERY.json` or "
                    "`HOST/PATH.json`; what it lacks is a 501 with the names of the files, and makes a run unknown",
                ),
                (
                    "`habits`", "host (or glob) → a habit's name, `{habit, path, share}`, or a list: it holds as long "
                    "as the world; on the command line as JSON: "
                    "`--set 'upstreams.habits={\"api.balldontlie.io\": \"empty\"}'`",
                ),
                ("`keys`", "the one key `balldontlie`, `bettingpros`, `odds_api`, `sendgrid` accept"),
                ("`limits`", "`service` (the rates above) or `none`"),
            ],
        ),
    ),
)  # fmt: skip
