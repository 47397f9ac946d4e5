"""Takes the pictures of docs/studio.md: ``make studio-screenshots``. It needs Chromium and Playwright."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "studio"
SIZE = {"width": 1360, "height": 820}


@contextmanager
def studio() -> Iterator[str]:
    """The studio of the bundled mappings, which are the repository's own; its address."""
    command = [sys.executable, "-m", "crossdock.cli", "studio", str(ROOT), "--no-open", "--port", "0"]
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


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with studio() as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto(re.sub(r"\s", "", url))
        page.locator("#main[data-ready]").wait_for()
        for picture in (mapping, message, conversation, sheet):
            picture(page)
        browser.close()


if __name__ == "__main__":
    main()
