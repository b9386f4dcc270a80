"""`windtunnel up`: emulators on loopback, for programs of any language, until they are told to stop."""

from __future__ import annotations

import gc
import ipaddress
import json
import shlex
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from harness.cli import exits

CONTROL_VARIABLE = "WINDTUNNEL_CONTROL"
TOKEN_VARIABLE = "WINDTUNNEL_TOKEN"  # noqa: S105 - the name of the variable, not a token


def _pairs(texts: Iterable[str], option: str, example: str) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise exits.InputError(f"{option} {text!r} has no '='; write it as in {option} {example}")
        pairs.append((name, value))
    return pairs


def _ports(texts: Iterable[str]) -> dict[str, int]:
    ports = {}
    for name, value in _pairs(texts, "--port", "gcs=4443"):
        if not value.isdecimal() or not 0 < int(value) < 65_536:
            raise exits.InputError(f"--port {name}={value}: {value!r} is no port (1 to 65535)")
        ports[name] = int(value)
    return ports


def _options(texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    options: dict[str, dict[str, Any]] = {}
    for name, value in _pairs(texts, "--set", "gcs.limits=none"):
        emulator, dot, option = name.partition(".")
        if not dot:
            raise exits.InputError(f"--set {name}={value} names no emulator; write it as in --set gcs.limits=none")
        try:
            options.setdefault(emulator, {})[option] = json.loads(value)
        except json.JSONDecodeError:
            options.setdefault(emulator, {})[option] = value
    return options


def _check_host(host: str, *, remote: bool, token: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not (remote and token):
        raise exits.InputError(
            f"--host {host} lets others in, and emulators ask nobody who they are; give --allow-remote and --token "
            "if that is what you want, or leave --host out"
        )


def written(environment: Mapping[str, str], style: str) -> str:
    """The variables as a shell (`export A=b`), a .env file or a program (JSON) reads them."""
    if style == "json":
        return json.dumps(environment)
    prefix = "export " if style == "shell" else ""
    return "\n".join(f"{prefix}{name}={shlex.quote(value)}" for name, value in environment.items())


@click.command()
@click.argument("emulators", metavar="[SERVICE]...", nargs=-1)
@click.option("--format", "style", type=click.Choice(["shell", "dotenv", "json"]), default="shell", show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--allow-remote", is_flag=True, help="Let --host be other than loopback; needs --token.")
@click.option(
    "--token", default="", envvar=TOKEN_VARIABLE, help="What clients must show, of emulators and control API."
)
@click.option("--port", "ports", metavar="SERVICE=PORT", multiple=True, help="A fixed port; `control` is one too.")
@click.option("--set", "options", metavar="SERVICE.OPTION=VALUE", multiple=True, help="An emulator's own option.")
@click.option("--topology", type=click.Path(path_type=Path, dir_okay=False), help="Topics, buckets, tables to create.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep state here, over kill -9 too.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of ids, dice and legal weather.")
def up(
    emulators: tuple[str, ...],
    style: str,
    host: str,
    allow_remote: bool,
    token: str,
    ports: tuple[str, ...],
    options: tuple[str, ...],
    topology: Path | None,
    data: Path | None,
    seed: int,
) -> int:
    """Serve emulators (all, without arguments) on loopback and print the variables that lead clients there.

    It runs until SIGTERM or Ctrl-C. WINDTUNNEL_CONTROL is the address of the control API: /health, /reset, /faults,
    /history, /mail, /openapi.json.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _check_host(host, remote=allow_remote, token=token)
    taken, settings = _ports(ports), _options(options)
    with _sparing_collection():
        # The servers come late: whoever asks for --help shall not wait for them.
        import_module("fakes.wire.lean").without_clients()
        from harness.wire.station import available

        names = emulators or tuple(available())
        for name in (taken.keys() - {"control"}) | settings.keys():
            if name not in names:
                raise exits.InputError(f"{name!r} is given a port or an option but is not served; name it too")
        station, control = _start(
            names,
            host,
            taken,
            options=settings,
            topology=None if topology is None else _declared(topology, seed),
            data=data,
            seed=seed,
            token=token,
            lenient=not emulators,
        )
    for why in station.left_out.values():
        click.echo(f"windtunnel: left out: {why}", err=True)
    if data is not None and station.forgetful():
        click.echo(f"windtunnel: these keep nothing in {data}: {', '.join(station.forgetful())}", err=True)
    told = {**station.environment(), CONTROL_VARIABLE: f"http://{control.address}"}
    click.echo(written({**told, TOKEN_VARIABLE: token} if token else told, style))
    gc.collect()
    gc.freeze()
    stop.wait()
    control.close()
    station.close()
    gc.unfreeze()
    return exits.PASS


@contextmanager
def _sparing_collection() -> Iterator[None]:
    """Nearly all that is loaded here stays to the end: looking for garbage among it again and again is time lost."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _declared(topology: Path, seed: int) -> Mapping[str, Any]:
    from harness.tunnel import DeclarationError, Tunnel

    tunnel = Tunnel(seed=seed, start_epoch_ns=0, folder=Path.cwd())
    try:
        tunnel.topology(str(topology))
    except DeclarationError as error:
        raise exits.InputError(str(error)) from error
    return tunnel.topologies[0]


def _start(names: Iterable[str], host: str, ports: Mapping[str, int], **more: Any) -> tuple[Any, Any]:
    """A station and the server of its control API; `more` is what `Station` takes besides."""
    from harness.wire.control import Control
    from harness.wire.station import Station, StationError

    try:
        station = Station(names, host=host, ports=ports, **more)
    except StationError as error:
        raise exits.InputError(str(error)) from error
    except OSError as error:
        raise exits.InputError(f"cannot listen: {error}; give another --port, or leave it out for any") from error
    try:
        server = import_module("fakes.wire.http_server").HttpServer
        return station, server(Control(station, more["token"]), host, ports.get("control", 0))
    except OSError as error:
        station.close()
        raise exits.InputError(f"cannot listen: {error}; give another --port control=…") from error
