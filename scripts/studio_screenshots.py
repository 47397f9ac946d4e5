"""Takes the pictures of docs/studio.md: ``make studio-screenshots``. It needs Chromium and Playwright."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "studio"
SIZE = {"width": 1360, "height": 820}


@contextmanager
def studio(project: Path = ROOT, *options: str) -> Iterator[str]:
    """The studio of a project, by default the repository with the bundled mappings; its address."""
    run = [sys.executable, "-m", "crossdock.cli", "studio", str(project)]
    command = [*run, "--no-open", "--port", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert process.stderr is not None
        yield process.stderr.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()


def show(page: Page, file: str, example: str, theme: str) -> None:
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.get_by_label("File", exact=True).select_option(f"mappings/{file}.yaml")
    page.get_by_role("tab", name=example, exact=True).click()
    page.locator(f"#main[data-ready$='/{example.replace(' ', '-')}.json']").wait_for()
    page.locator(".dot").first.wait_for()


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(2500)  # until the first examples are compared, and colours have changed
    page.screenshot(path=PICTURES / f"{name}.png")


def in_pane(page: Page, pane: str, text: str) -> None:
    page.get_by_role("region", name=pane, exact=True).get_by_text(text, exact=True).first.hover()


def mapping(page: Page) -> None:
    show(page, "kibo/order", "full", "light")
    page.get_by_role("tab", name="Why").click()
    in_pane(page, "Result", '"MUG-GLZ-BLU"')
    take(page, "mapping")


def message(page: Page) -> None:
    show(page, "kibo/order", "full", "dark")
    line = page.get_by_role("region", name="Mapping", exact=True).locator(
        ".cm-line", has_text="to_string(orderNumber)"
    )
    line.first.click()
    page.keyboard.press("End")
    page.keyboard.insert_text("s")
    page.locator(".message").first.wait_for()
    take(page, "message")
    page.keyboard.press("Backspace")


def conversation(page: Page) -> None:
    show(page, "kibo/order_ack/conversation", "one of three unknown", "light")
    page.get_by_role("list", name="What happens, in order").get_by_text("PUT").first.click()
    take(page, "conversation")


def sheet(page: Page) -> None:
    show(page, "fabric/order", "full", "dark")
    page.get_by_role("tab", name="Sheet").click()
    page.locator(".sheet table").first.wait_for()
    take(page, "sheet")


def traffic(page: Page) -> None:
    page.get_by_role("button", name="Traffic").click()
    page.get_by_role("button", name=re.compile("order_ack #3")).click()
    page.get_by_role("list", name="What happens, in order").last.wait_for()
    take(page, "traffic")


@contextmanager
def gateway() -> Iterator[tuple[Path, str]]:
    """A shop whose gateway has answered some requests, with a fake channel: its folder, and its journal."""
    sys.path.insert(0, str(ROOT / "tests"))
    from crossdock import Project
    from fakes import retailops
    from fakes.kibo import FakeKibo
    from fakes.kibo_orders import line, order
    from gateway_kit import config_for, project_for, served

    with TemporaryDirectory() as folder, FakeKibo() as fake:
        fake.add(*(order(number, line(1, "MUG-BLUE", 2, 10)) for number in range(1001, 1004)))
        shop = project_for(Path(folder) / "shop", ROOT, "kibo", fake.url)
        journal = f"sqlite:///{shop}/journal.db"
        with served(Project.open(shop), config_for("kibo", journal)) as found:
            for numbers in ((1001,), (1002, 1003), (1003, 1099)):
                found.post("/orders/order_ack", retailops.acknowledge(*numbers))
            yield shop, journal


def pictures(url: str, *taken: Callable[[Page], None]) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto(re.sub(r"\s", "", url))
        page.locator("#main[data-ready]").wait_for()
        for picture in taken:
            picture(page)
        browser.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with studio() as url:
        pictures(url, mapping, message, conversation, sheet)
    with gateway() as (shop, journal), studio(shop, "--journal", journal) as url:
        pictures(url, traffic)


if __name__ == "__main__":
    main()
