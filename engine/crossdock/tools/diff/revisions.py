"""The project of a git revision, checked out in a temporary directory.

Mappings and schemas are checked out together, so that only the fragments, tables, used mappings and schemas
of this revision are used.

    with checked_out(Path("."), "HEAD~3") as root:
        Project([root])
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from crossdock.project.project import MAPPINGS, SCHEMAS


class NoSuchVersionError(LookupError):
    """A requested version does not exist; the message names it in one sentence."""


@contextmanager
def checked_out(project: Path, revision: str) -> Iterator[Path]:
    """The mappings and schemas of a project as they were. Raises NoSuchVersionError."""
    commit = _commit(project, revision)
    top = Path(_text(project, "rev-parse", "--show-toplevel"))
    tree = f"{commit}:{_text(project, 'rev-parse', '--show-prefix')}"
    listed = _text(top, "ls-tree", "--full-tree", "--name-only", tree).splitlines()
    folders = [name for name in (MAPPINGS, SCHEMAS) if name in listed]
    if MAPPINGS not in folders:
        raise NoSuchVersionError(f"there is no folder `{MAPPINGS}` in `{revision}`")
    # An archive reads the repository only; a checkout or a worktree would write into it.
    packed = _git(top, "archive", "--format=tar", tree, "--", *folders)
    with tempfile.TemporaryDirectory(prefix="crossdock-") as directory:
        _unpack(packed, Path(directory).resolve())
        yield Path(directory).resolve()


def _commit(project: Path, revision: str) -> str:
    try:
        named = ("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return _text(project, "rev-parse", *named).splitlines()[-1]
    except NoSuchVersionError:
        inside = _is_repository(project)
    if not inside:
        raise NoSuchVersionError(f"`{project}` is not in a git repository, so it has no `{revision}`")
    raise NoSuchVersionError(f"there is no git revision `{revision}`")


def _is_repository(project: Path) -> bool:
    try:
        return _text(project, "rev-parse", "--is-inside-work-tree") == "true"
    except NoSuchVersionError:
        return False


def _text(project: Path, *arguments: str) -> str:
    return _git(project, *arguments).decode("utf-8", "replace").strip()


def _git(project: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
            ["git", "-C", str(project), *arguments],  # noqa: S607 - the git that the user has
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        raise NoSuchVersionError("a revision needs git, which cannot be started") from None
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise NoSuchVersionError(f"git says: {reason or 'no'}")
    return done.stdout


def _unpack(packed: bytes, directory: Path) -> None:
    """Regular files only: a link could lead out of the directory, and a mapping needs none."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            content = archive.extractfile(member) if member.isreg() else None
            if content is None or name.is_absolute() or ".." in name.parts:
                continue
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(content.read())
