"""The pages are true: what they show is what is printed, what they name exists, what they link to is there.

``pytest tests/test_docs.py --snapshot-update`` writes the shown texts anew, to be read in the diff.

A fenced block says in its info string what it is:

    ```yaml bad [FILE]        a file of an example's project that is wrong; mended: the same, put right
    ```python bad FILE        the same, the bytes given by a Python expression
    ```sh bad                 the command that is run instead of the usual one
    ```text shown [exit=N]    what is printed then
    ```sh [exit=N]            in a guide: run by bash, one block after the other, in one directory
    ```sh server              in a guide: a server, in a second terminal; it runs until the guide ends
    ```text output            what the block before it prints; … stands for anything
    ```diff FILE              in a guide: an edit that the reader makes
    ```yaml file FILE         in a guide: a file that the reader writes
"""

from __future__ import annotations

import ast
import contextlib
import io
import itertools
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from crossdock.cli.app import run

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "engine" / "crossdock"
PAGE = ROOT / "docs" / "diagnostics.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# The pages of one guide are followed one after the other, in the same directory.
GUIDES = [
    ["README.md"],
    *(
        [f"docs/{name}.md"]
        for name in ("quickstart", "python", "security", "explain", "sheet", "coverage", "mutation", "diff")
    ),
    ["docs/new-and-suggest.md"],
    [f"docs/tutorial{part}.md" for part in ("", "-conversations", "-actions", "-operation")],
]
# The ports that guides name: a test uses others, that are free.
PORTS = ("8300", "8380")
SECTIONS_WITHOUT_EXAMPLES = {
    "Many payloads (exits 2, 3 and 6)": "each needs files or processes; tests/test_bulk.py has them",
    "Gateways (exit 2)": "each needs a server; tests/test_gateway_config.py has them",
    "Deriving schemas (exit 2)": "each needs a system's documents",
    "Limits of --untrusted (exit 6)": "each needs a payload too large for a page",
}
COMMANDS = {
    "What the check finds (exit 2)": ["check"],
    "Conversations (exit 2)": ["plan", "shop", "notify", "order.json"],
}
NO_IDS = {
    "utf-16-le",
    *("array-number", "array-string", "date-time", "utf-8", "utf-8-sig", "crossdock-examples"),
    *("content-length", "transfer-encoding"),
    *("ls-tree", "rev-parse", "latin-1"),
    *("crossdock-answer", "crossdock-journal", "crossdock-keeper", "crossdock-parent"),
    *("x-fails-alone", "x-numbers-as-text"),
    *(
        "x-described-by",
        "x-documented-as",
        "x-format",
        "x-known-values",
        "x-sensitive",
        "x-source",
        "x-status",
    ),
}
# Full of the names of HTTP headers: there only what a diagnostic is made with counts.
HTTP_MODULES = {"http.py", "auth.py", "retry_after.py", "app.py", "guard.py", "intake.py", "problems.py"}
MAKERS = {
    *("Diagnostic", "Problem", "TextError", "Violation"),
    *("problem", "report", "finding", "_refusal", "_refused"),
}
# What an id that is put together may begin with: f"{kind}-missing".
KINDS = ("document", "recipe", "sample")
SKIPPED = ("git clone ", "make ", "pipx ", "pip ", "python3 -m venv ")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the words after it, its text, and the offset of the text in the page."""

    language: str
    words: tuple[str, ...]
    text: str
    start: int

    @property
    def role(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def exit_code(self) -> int | None:
        stated = [word.removeprefix("exit=") for word in self.words if word.startswith("exit=")]
        return int(stated[0]) if stated else None


_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str, start: int = 0, end: int | None = None) -> list[Block]:
    found = []
    for match in _FENCE.finditer(text, start, len(text) if end is None else end):
        language, *words = match["info"].split() or [""]
        found.append(Block(language, tuple(words), match["text"], match.start("text")))
    return found


def with_texts(text: str, new: Sequence[tuple[Block, str]]) -> str:
    """A page with the texts of some blocks replaced."""
    for block, shown in sorted(new, key=lambda pair: pair[0].start, reverse=True):
        text = text[: block.start] + shown + text[block.start + len(block.text) :]
    return text


# --- the page of the diagnostics


@dataclass
class Example:
    """A bad project, what is shown for it, and the project mended."""

    section: str
    id: str
    exit_code: int | None
    bad: list[Block] = field(default_factory=list)
    shown: Block | None = None
    mended: list[Block] = field(default_factory=list)

    def __str__(self) -> str:
        return self.id or self.section


@dataclass(frozen=True)
class Page:
    text: str
    common: dict[str, str]
    examples: list[Example]
    ids: dict[str, list[str]]  # section -> its ids


_HEADING = re.compile(
    r"^(?P<level>##|###) (?P<title>.+)$|^\| (?P<row>`[a-z0-9-]+`(?:, `[a-z0-9-]+`)*) \|", re.MULTILINE
)


def read_page(text: str) -> Page:
    """The page of the diagnostics. Before the ids, an example keeps the files of the one before."""
    common = {block.words[1]: block.text for block in blocks(text) if block.role == "file"}
    page = Page(text, common, [], {})
    headings = list(_HEADING.finditer(text))
    section = ""
    for number, heading in enumerate(headings):
        end = headings[number + 1].start() if number + 1 < len(headings) else len(text)
        if heading["level"] == "##":
            section = heading["title"]
        else:
            names = re.findall("[a-z0-9-]+", heading["row"] or "") or [heading["title"]]
            page.ids.setdefault(section, []).extend(names)
        code = re.search(r"\(exit (\d+)\)", section)
        current = Example(section, heading["title"] or "", int(code[1]) if code else None)
        page.examples.extend(_examples(blocks(text, heading.start(), end), current))
    opening = [each for each in page.examples if not each.id]
    for before, after in itertools.pairwise(opening):
        after.bad[:0] = [block for block in before.bad if block.language != "sh"]
    return page


def _examples(found: list[Block], blank: Example) -> Iterator[Example]:
    current: Example | None = None
    for block in found:
        match block.role:
            case "bad":
                if current is None or current.shown:
                    id = "" if blank.id == blank.section else blank.id
                    current = Example(blank.section, id, blank.exit_code)
                    yield current
                current.bad.append(block)
            case "shown" if current:
                current.shown = block
            case "mended" if current:
                current.mended.append(block)


def file_of(block: Block) -> str:
    """Which file of the project a block is."""
    usual = {"yaml": "mappings/shop/order.yaml", "json": "order.json"}
    return block.words[1] if len(block.words) > 1 else usual[block.language]


def lay_out(page: Page, example: Example, *states: list[Block]) -> list[str]:
    """Write the project into the working directory, and give the arguments of the command to run."""
    arguments = COMMANDS.get(example.section, ["transform", "shop/order", "order.json"])
    contents = {name: text.encode() for name, text in page.common.items()}
    for block in (block for state in states for block in state):
        if block.language == "sh":
            arguments = shlex.split(block.text)[1:]
        elif block.language == "python":
            contents[block.words[1]] = eval(block.text)
        else:
            contents[file_of(block)] = block.text.encode()
    for name, content in contents.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)
    return arguments


def run_quietly(arguments: list[str]) -> tuple[int, str]:
    """The exit code and the diagnostics, without the count that a check ends with.

    They are the result of a check, and on stderr for other commands.
    """
    result, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(result), contextlib.redirect_stderr(errors):
        code = run(arguments)
    found = result.getvalue() if "check" in arguments else ""
    return code, found + re.sub(r"\d+ mappings?.* checked, .*\n", "", errors.getvalue())


def expected_code(example: Example, shown: str) -> int | None:
    stated = example.shown.exit_code if example.shown else None
    if stated is not None:
        return stated
    if shown.startswith("warning["):
        return 1 if COMMANDS.get(example.section) == ["check"] else 0
    return example.exit_code


PAGE_READ = read_page(PAGE.read_text(encoding="utf-8"))


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


@pytest.mark.parametrize("example", PAGE_READ.examples, ids=str)
def test_a_bad_example_gives_the_diagnostic_that_is_shown(
    example: Example, workplace: Path, request: pytest.FixtureRequest
) -> None:
    code, shown = run_quietly(lay_out(PAGE_READ, example, example.bad))
    assert example.shown is not None, "nothing is shown for this example"
    if updating(request):
        SHOWN.append((example.shown, shown))
    else:
        assert shown == example.shown.text
    if example.id:
        assert f"[{example.id}]:" in shown
    if (stated := expected_code(example, shown)) is not None:
        assert code == stated


@pytest.mark.parametrize("example", [each for each in PAGE_READ.examples if each.mended], ids=str)
def test_a_mended_example_is_clean(example: Example, workplace: Path) -> None:
    untouched = [block for block in example.bad if block.language != "sh"]
    code, shown = run_quietly(lay_out(PAGE_READ, example, untouched, example.mended))
    assert (code, shown) == (0, "")


SHOWN: list[tuple[Block, str]] = []


def updating(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("update_snapshots", default=False))


def test_the_index_lists_every_id(request: pytest.FixtureRequest) -> None:
    """Runs after the examples, so it is also where the page is written anew."""
    start, end = "<!-- index -->\n", "<!-- end of index -->"
    text = with_texts(PAGE_READ.text, SHOWN)
    before, rest = text.split(start)
    old, after = rest.split(end)
    new = index(PAGE_READ.ids)
    if updating(request):
        PAGE.write_text(before + start + new + end + after, encoding="utf-8")
    else:
        assert old == new


def index(ids: dict[str, list[str]]) -> str:
    rows = ["| | |", "|---|---|"]
    for section, names in ids.items():
        anchor = "" if section in SECTIONS_WITHOUT_EXAMPLES else None
        links = [f"`{name}`" if anchor == "" else f"[`{name}`](#{name})" for name in names]
        rows.append(f"| [{section}](#{slug(section)}) | {' '.join(links)} |")
    return "\n".join(rows) + "\n"


def test_every_id_that_can_be_met_is_documented_and_no_other() -> None:
    documented = {name for names in PAGE_READ.ids.values() for name in names}
    everywhere = ENGINE.rglob("*.py")
    start = [ENGINE / "cli" / "app.py", *(ENGINE / "cli" / "commands").glob("*.py")]
    assert {name for path in reachable(start) for name in ids_in(path)} - documented == set()
    assert documented - {name for path in everywhere for name in ids_in(path)} == set()


def test_every_id_has_a_bad_and_a_mended_example() -> None:
    shown = {example.id for example in PAGE_READ.examples}
    mended = {example.id for example in PAGE_READ.examples if example.mended}
    wanted = {
        name
        for section, names in PAGE_READ.ids.items()
        if section not in SECTIONS_WITHOUT_EXAMPLES
        for name in names
    }
    assert wanted - shown == set()
    assert wanted - mended == set()


def reachable(start: Sequence[Path]) -> set[Path]:
    """These modules, those that they import, also from inside their functions, and what those import."""
    found, pending = set[Path](), list(start)
    while pending:
        path = pending.pop()
        if path.exists() and path not in found:
            found.add(path)
            pending.extend(imported_by(path))
    return found


def imported_by(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        yield from imported_in(node)


def imported_in(node: ast.AST) -> Iterator[Path]:
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "crossdock":
        folder = ENGINE.joinpath(*str(node.module).split(".")[1:])
        yield folder.with_suffix(".py")
        yield folder / "__init__.py"
        yield from (folder / f"{alias.name}.py" for alias in node.names)


def ids_in(path: Path) -> Iterator[str]:
    """Texts that look like an id, and those that a diagnostic is made with."""
    if "functions" in path.relative_to(ENGINE).parts:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Constant(value=str(text)) if re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", text):
                if text not in NO_IDS and path.name not in HTTP_MODULES:
                    yield text
            case ast.Call(args=[ast.Constant(value=str(text)), *_]) if _name(node.func) in MAKERS:
                yield text
            case ast.Call(args=[ast.JoinedStr(values=[_, ast.Constant(value=str(text))]), *_]):
                if _name(node.func) in MAKERS:
                    yield from (kind + text for kind in KINDS)


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


# --- the guides: their commands are run, their Python too


@pytest.mark.parametrize("guide", GUIDES, ids=lambda pages: Path(pages[0]).name)
def test_a_guide_can_be_followed(
    guide: list[str], workplace: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(workplace))
    clone(workplace / "crossdock")
    reader = Reader(dict(zip(PORTS, free_ports(len(PORTS)), strict=True)), updating(request))
    if "git clone" not in (ROOT / guide[0]).read_text(encoding="utf-8"):
        os.chdir(workplace / "crossdock")
    with reader.terminals:
        for path in (ROOT / name for name in guide):
            page = path.read_text(encoding="utf-8")
            new = reader.follow(page)
            if reader.updates:
                path.write_text(with_texts(page, new), encoding="utf-8")


@dataclass
class Reader:
    """Follows pages: types what they show, and compares what is printed."""

    ports: dict[str, str]
    updates: bool
    terminals: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    names: dict[str, object] = field(default_factory=lambda: {"__name__": "guide"})

    def follow(self, page: str) -> list[tuple[Block, str]]:
        """The outputs that are shown and differ, when pages are written anew."""
        new: list[tuple[Block, str]] = []
        printed: str | None = None
        for shown in blocks(page):
            block = replace(shown, text=translated(shown.text, self.ports))
            match block.language, block.role:
                case "text", "output":
                    assert printed is not None, "no block before this one prints"
                    if self.updates and "…" not in block.text:
                        new.append((shown, printed))
                    else:
                        matched = re.fullmatch(pattern(block.text), without_line_numbers(printed))
                        assert matched, f"{block.text}\n--- but:\n{printed}"
                case "sh", "server":
                    printed = self.terminals.enter_context(server(block.text))
                case "sh", _:
                    printed = in_process(block) if only_crossdock(block) else shell(block)
                case "python", _:
                    printed = python(block.text, self.names)
                case "diff", name:
                    edit(Path(name), block.text)
                case _, "file":
                    Path(block.words[1]).parent.mkdir(parents=True, exist_ok=True)
                    Path(block.words[1]).write_text(block.text, encoding="utf-8")
        back = {ours: shown for shown, ours in self.ports.items()}
        return [(block, translated(text, back)) for block, text in new]


def free_ports(number: int) -> list[str]:
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [str(each.getsockname()[1]) for each in sockets]


def translated(text: str, ports: dict[str, str]) -> str:
    return re.sub(rf"\b({'|'.join(ports)})\b", lambda found: ports[found[0]], text)


def clone(target: Path) -> None:
    for folder in ("mappings", "schemas", "examples", "scripts"):
        shutil.copytree(ROOT / folder, target / folder)


def only_crossdock(block: Block) -> bool:
    """Whether a block only runs `crossdock`, without what a shell is needed for."""
    lines = block.text.splitlines()
    return all(line.startswith("crossdock ") and not set(line) & set("|&;<>$`*") for line in lines)


def in_process(block: Block) -> str:
    """Run commands as the console script does, without starting Python for each; give all that is printed."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    code = 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        for line in block.text.splitlines():
            code = run(shlex.split(line)[1:])
    printed = output.buffer.getvalue().decode()
    assert code == (block.exit_code or 0), printed
    return printed


def shell(block: Block) -> str:
    """Run the lines that need no network and no set-up; give all that is printed."""
    lines = [line for line in block.text.splitlines() if not line.startswith(SKIPPED)]
    if any(re.match("git clone .*cd crossdock", line) for line in block.text.splitlines()):
        lines.insert(0, "cd crossdock")
    place = Path(tempfile.gettempdir(), f"place-{os.getpid()}")
    script = "\n".join([*lines, f'code=$?; pwd > "{place}"; exit $code'])
    done = subprocess.run(
        ["bash", "-c", script],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == (block.exit_code or 0), done.stdout
    os.chdir(place.read_text().strip())
    place.unlink()
    return done.stdout


@contextlib.contextmanager
def server(command: str) -> Iterator[str]:
    """Start a server, and give the line that it prints once it answers. It ends with the guide."""
    *before, last = command.splitlines()
    process = subprocess.Popen(
        ["bash", "-c", "\n".join([*before, f"exec {last}"])],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline()
    finally:
        process.terminate()
        process.communicate(timeout=40)


def environment() -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "LC_ALL": "C.UTF-8",
        **{
            f"GIT_{who}_{what}": "ada@example.com"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
        "PYTHONPATH": str(ROOT / "engine"),
    }


def python(code: str, names: dict[str, object]) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, "guide", "exec"), names)
    return output.getvalue()


def edit(file: Path, diff: str) -> None:
    """Apply an edit: lines with - are replaced by those with +, the others are context."""
    old = "".join(line[1:] + "\n" for line in diff.splitlines() if line[0] in " -")
    new = "".join(line[1:] + "\n" for line in diff.splitlines() if line[0] in " +")
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} holds this {text.count(old)} times:\n{old}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def without_line_numbers(text: str) -> str:
    """A guide shows the bundled mappings, whose lines move: the numbers shown need not be the latest."""
    text = re.sub(r"^ *(--> .*?):\d+:\d+$", r"\1", text, flags=re.MULTILINE)
    return re.sub(r"^ *\d* ([|=])", r"\1", text, flags=re.MULTILINE)


def pattern(text: str) -> str:
    """A regular expression: a line … is any lines, … inside a line is anything there."""
    parts = re.split(r"(^…\n|…)", without_line_numbers(text), flags=re.MULTILINE)
    kinds = {"…\n": r"(?:.*\n)*?", "…": ".*"}
    return "".join(kinds.get(part, re.escape(part)) for part in parts)


# --- links


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(
                r"^#+ (.+)$", _FENCE.sub("", file.read_text(encoding="utf-8")), re.MULTILINE
            )
            assert anchor in {slug(heading) for heading in headings}, f"{page.name} links to {target}"
