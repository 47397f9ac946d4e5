"""``crossdock journal``: look at what a gateway was asked and did, and do it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from crossdock.cli.console import diagnostics_option, output_option, put_text, settings_option

if TYPE_CHECKING:
    from crossdock.core.rendering import Format
    from crossdock.gateway.journal.entries import CallRecord, JournalEntry
    from crossdock.gateway.journal.journal import Journal

STATES = ("waiting", "running", "queued", "done", "failed", "dead", "dropped")


@click.group(name="journal")
@click.option(
    "--journal",
    "url",
    metavar="URL",
    envvar="CROSSDOCK_JOURNAL",
    default="sqlite:///crossdock-journal.db",
    show_default=True,
    help="The journal's database. Also CROSSDOCK_JOURNAL.",
)
@click.pass_context
def command(context: click.Context, url: str) -> None:
    """Look at what a gateway was asked and did, and do it again.

    Values of requests and answers are not printed. The gateway may run meanwhile.
    """
    context.meta["crossdock.journal"] = url


@contextmanager
def opened(context: click.Context) -> Iterator[Journal]:
    """The journal of the command line. Raises click.ClickException."""
    try:
        from crossdock.gateway.journal.journal import Journal
        from crossdock.gateway.journal.store import JournalError, open_store
    except ModuleNotFoundError as error:
        raise click.ClickException(f"`journal` needs {error.name}: install crossdock[serve]") from None
    try:
        journal = Journal(open_store(context.meta["crossdock.journal"], create=False))
        try:
            yield journal
        finally:
            journal.close()
    except JournalError as error:
        raise click.ClickException(str(error)) from None


@command.command(name="list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these states.")
@click.option("--profile", default="", help="Only this profile.")
@click.option(
    "--limit", default=50, show_default=True, metavar="N", type=click.IntRange(1), help="At most N entries."
)
@output_option
@click.pass_context
def listed(
    context: click.Context, states: tuple[str, ...], profile: str, limit: int, output: str | None
) -> None:
    """List the newest entries, oldest first."""
    with opened(context) as journal:
        entries = journal.entries(states, most=limit, profile=profile)
        put_text("".join(f"{_line(entry)}\n" for entry in entries), output)


@command.command()
@click.argument("entry", type=int)
@output_option
@click.pass_context
def show(context: click.Context, entry: int, output: str | None) -> None:
    """Show one entry and its calls."""
    with opened(context) as journal:
        found = _found(journal, entry)
        lines = [*_told(found), *(_call(each) for each in journal.calls(entry))]
    put_text("".join(f"{line}\n" for line in lines), output)


def _told(found: JournalEntry) -> Iterator[str]:
    yield _line(found)
    yield f"  accepted {_time(found.accepted)}, {found.tries} run{'s' if found.tries != 1 else ''}"
    if found.due is not None:
        yield f"  due {_time(found.due)}"
    if found.finished is not None:
        yield f"  finished {_time(found.finished)}, answered {found.status or 'nothing'}"
    if found.reason:
        yield f"  {found.reason}"
    if found.mappings:
        yield f"  mappings {found.mappings[:12]}{', and no others' if found.pinned else ''}"


def _call(call: CallRecord) -> str:
    shown = f"{call.method} {call.url.partition('?')[0]} {call.outcome} {call.status or ''}"
    return f"  {_time(call.begun)} {call.step}: {shown.rstrip()}"


@command.command()
@click.argument("entry", type=int)
@click.option("--config", "file", metavar="FILE", type=click.Path(), help="The gateway's file.")
@settings_option
@diagnostics_option
@output_option
@click.pass_context
def diff(
    context: click.Context,
    entry: int,
    file: str | None,
    given: tuple[str, ...],
    form: Format,  # noqa: ARG001 (read where errors are reported)
    output: str | None,
) -> None:
    """Compare what was called and answered with what would be now.

    Nothing is called: the channel answers as the journal has it. Without --config, the entry's profile is
    the channel of `crossdock serve CHANNEL`. Values are not printed. Exit code 1: something differs.
    """
    with opened(context) as journal:
        found, calls = _found(journal, entry), journal.calls(entry)
    from crossdock.cli.commands.serve import gateway_config
    from crossdock.gateway.comparing import compare, shown
    from crossdock.project.digest import digest
    from crossdock.project.project import Project

    project = Project.open(context.obj or None)
    if not file and found.profile not in project.channel_names():
        raise click.ClickException(
            f"`{found.profile}` is a profile of a gateway's file: name it with --config"
        )
    config = gateway_config(context, None if file else found.profile, file, None, given)
    profiles = [each for each in config.profiles if each.name == found.profile]
    if not profiles:
        raise click.ClickException(f"{file} has no profile `{found.profile}`")
    compared = compare(project, profiles[0], found, calls)
    same = "the same" if digest(project.roots) == found.mappings else "others"
    lines = [f"{_line(found)}, the mappings of now are {same}", *shown(compared)]
    put_text("".join(f"{line}\n" for line in lines), output)
    context.exit(int(any(each.kind != "same" for each in compared)))


@command.command()
@click.argument("entry", type=int)
@click.option(
    "--with",
    "which",
    type=click.Choice(["now", "then"]),
    default="now",
    show_default=True,
    help="The mappings: those of the gateway that takes it, or only those of the last run.",
)
@click.pass_context
def replay(context: click.Context, entry: int, which: str) -> None:
    """Run a finished entry again, as a new one.

    With the mappings of then it waits for a gateway that has them, and others leave it alone.
    """
    from crossdock.gateway.journal.entries import NewEntry

    with opened(context) as journal:
        found = _found(journal, entry)
        subjects = tuple(json.loads(found.subjects))
        if which == "then" and not found.mappings:
            raise click.ClickException(f"entry {entry} was not run yet: there are no mappings of then")
        mappings = found.mappings if which == "then" else None
        new = NewEntry(
            found.profile,
            found.dialect,
            found.action,
            found.key,
            subjects,
            found.request,
            supersedes=_superseded(context, found),
            queued=True,
            mappings=mappings,
        )
        accepted = journal.replay(entry, new)
        if accepted is None:
            raise click.ClickException(f"entry {entry} is not finished: it is {found.state}")
        if accepted.same is not None:
            by_now = f"entry {accepted.entry}, which is {accepted.same.state}"
            raise click.ClickException(f"the request of entry {entry} is {by_now}")
        then = f", for a gateway with the mappings {mappings[:12]}" if mappings else ""
        click.echo(f"queued as entry {accepted.entry}{then}")


def _superseded(context: click.Context, found: JournalEntry) -> tuple[str, ...]:
    """The actions whose later states answer no repeat once this one is set again.

    An action that is not known any more may have set one.
    """
    from crossdock.core.errors import ProjectError
    from crossdock.gateway.states import reach_of
    from crossdock.project.project import Project

    project = Project.open(context.obj or None)
    try:
        return reach_of(project, found.action, found.dialect).supersedes
    except (ProjectError, KeyError):
        return (found.action,)


@command.command()
@click.argument("entry", type=int)
@click.option("--reason", default="dropped by hand", show_default=True, help="Why, for the journal.")
@click.pass_context
def drop(context: click.Context, entry: int, reason: str) -> None:
    """Close a dead letter: nothing is done any more."""
    with opened(context) as journal:
        found = _found(journal, entry)
        if not journal.drop(entry, reason):
            raise click.ClickException(f"entry {entry} is not finished: it is {found.state}")
        click.echo(f"dropped entry {entry}")


@command.command()
@click.option("--days", default=30, show_default=True, type=click.IntRange(1), help="Older than this.")
@click.pass_context
def prune(context: click.Context, days: int) -> None:
    """Delete old entries that are finished, except dead letters."""
    from crossdock.gateway.journal.journal import now

    with opened(context) as journal:
        number = journal.prune(now() - days * 86_400_000)
        click.echo(f"deleted {number} entr{'y' if number == 1 else 'ies'}")


def _found(journal: Journal, entry: int) -> JournalEntry:
    found = journal.entry(entry)
    if found is None:
        raise click.ClickException(f"there is no entry {entry}")
    return found


def _line(entry: JournalEntry) -> str:
    dialect = f"{entry.dialect}/" if entry.dialect else ""
    return f"{entry.id} {_time(entry.accepted)} {entry.profile} {dialect}{entry.action} {entry.state}"


def _time(milliseconds: int) -> str:
    return (
        datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )
