"""The flags that every verb takes, before it or behind it, and the groups that several verbs share."""

import errno
import functools
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from scraper.output import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was said for any verb."""

    config: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", help="settings, instead of ./config.yaml")
    ] = None
    archive: Annotated[Path | None, typer.Option("-C", "--archive", metavar="DIR", help="the archive's folder")] = None
    json: Annotated[bool, typer.Option("--json", help="one JSON object a line, errors too")] = False
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="no narration on stderr")] = False
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="more of it")] = False
    no_color: Annotated[bool, typer.Option("--no-color", help="no colours; NO_COLOR works too")] = False
    wait: Annotated[
        float | None, typer.Option("--wait", metavar="SECONDS", help="for an archive held by another process; 10")
    ] = None

    @property
    def patience(self) -> float:
        """Seconds to wait for an archive that another process holds exclusively."""
        return 10.0 if self.wait is None else self.wait

    @property
    def output(self) -> Output:
        """Where the verb speaks."""
        return Output(json=self.json, quiet=self.quiet, verbose=self.verbose, color=not self.no_color)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFlags:
    """What was said for a verb that fetches."""

    connect_to: Annotated[
        list[str] | None,
        typer.Option("--connect-to", metavar="HOST:PORT:ADDR:PORT", help="dial ADDR for that origin; repeatable"),
    ] = None
    allow_private: Annotated[
        list[str] | None, typer.Option("--allow-private", metavar="CIDR", help="a private network that may be reached")
    ] = None
    cacert: Annotated[Path | None, typer.Option("--cacert", metavar="FILE", help="PEM trusted beside the system's")] = (
        None
    )
    delay: Annotated[str | None, typer.Option("--delay", metavar="SECONDS", help="between visits to one host; 5")] = (
        None
    )


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise typer.BadParameter(f"{said!r} is no day; write it as 2026-11-20") from None


_Day = Annotated[date | None, typer.Option(parser=_day, metavar="YYYY-MM-DD")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterFlags:
    """Which texts a verb is about; what was not said is None and keeps none out."""

    site: Annotated[str | None, typer.Option(help="host, or any host under it")] = None
    author: Annotated[str | None, typer.Option(help="part of a name")] = None
    language: Annotated[str | None, typer.Option(help="en means en-GB too")] = None
    kind: Annotated[str | None, typer.Option(help="article, live-blog, …")] = None
    tag: Annotated[str | None, typer.Option(help="of the sources watched")] = None
    since: _Day = None
    until: _Day = None
    captured_since: _Day = None
    captured_until: _Day = None


_GROUPS = (NetworkFlags, FilterFlags)


def verb(function: Callable[..., int | None]) -> Callable[..., None]:
    """A function of (flags, …) as a typer command: the flags of the group and of the verb become one value.

    A parameter annotated NetworkFlags or FilterFlags becomes its options. What the function returns is the exit code.
    """
    own = list(inspect.signature(function).parameters.values())[1:]
    groups = {"flags": Flags} | {each.name: each.annotation for each in own if each.annotation in _GROUPS}
    shown = [each for each in own if each.name not in groups] + [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for group in groups.values()
        for field in fields(group)
    ]
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in shown)]

    @functools.wraps(function)
    def run(*, context: typer.Context, **said: Any) -> None:
        made: dict[str, Any] = {
            name: group(**{field.name: said.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        made["flags"] = context.obj = _merged(context.obj or Flags(), made["flags"])
        try:
            code = function(**made, **said)
        except BrokenPipeError as enough:  # `pressmark list | head` is no failure, as typer would have it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from enough
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EIO) or error.filename:
                raise
            print(f"pressmark: stdout: cannot be written ({error.strerror})", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 1
        if code:
            raise typer.Exit(code)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _merged(before: Flags, behind: Flags) -> Flags:
    """What was said before the verb, and what was said behind it, which counts more."""
    said = {field.name: getattr(behind, field.name) for field in fields(Flags)}
    return replace(before, **{name: value for name, value in said.items() if value is not None and value is not False})
