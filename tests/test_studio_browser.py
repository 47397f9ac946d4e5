"""The page of the studio in a real browser: Debian's Chromium, driven by Playwright.

Without Chromium the tests are skipped and say so; without the npm package axe-core the one that needs it is.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import REPOSITORY
from studio_kit import FILES, ORDER, Studio, make_shop, studio_of

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium")
AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
MAPPING = "mappings/shop/order.yaml"
CONVERSATION = "mappings/shop/order_ack/conversation.yaml"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with studio_of(make_shop(tmp_path_factory.mktemp("shop"))) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, studio: Studio) -> Iterator[Any]:
    """A page with the mapping of the shop, whose files are new. It must log nothing."""
    make_shop(studio.folder)
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page, logged = context.new_page(), list[str]()
    page.set_default_timeout(20_000)
    page.on("console", lambda message: logged.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: logged.append(f"thrown: {error}"))
    page.goto(studio.url)
    show(page, MAPPING)
    yield page
    context.close()
    assert logged == []


def show(page: Any, path: str) -> None:
    page.get_by_label("File", exact=True).select_option(path)
    page.locator(
        f"#main[data-ready*='{Path(path).parts[1]}/{Path(path).with_suffix('').parts[2]}']"
    ).wait_for()


def pane(page: Any, name: str) -> Any:
    return page.get_by_role("region", name=name, exact=True)


def text_of(page: Any, name: str) -> str:
    return "\n".join(pane(page, name).locator(".cm-line").all_inner_texts())


def put_before(page: Any, name: str, found: str, written: str) -> None:
    """Write something in front of a word of an editor, as with the keyboard."""
    line = pane(page, name).locator(".cm-line", has_text=found).first
    line.click()
    page.keyboard.press("Home")  # after the indentation
    for _ in range(line.inner_text().lstrip().index(found)):
        page.keyboard.press("ArrowRight")
    page.keyboard.insert_text(written)


def expect_text(page: Any, name: str, wanted: str) -> None:
    playwright.expect(pane(page, name).locator(".cm-content")).to_contain_text(wanted, timeout=20_000)


def test_a_cell_is_changed_and_the_result_follows(page: Any) -> None:
    expect_text(page, "Result", '"number": "R-1"')
    put_before(page, "Mapping", "id", "items[0].sku || ")
    expect_text(page, "Result", '"number": "MUG"')
    page.get_by_role("tab", name="Snapshot differs").click()
    playwright.expect(page.locator(".diff .gone")).to_have_text('-  "number": "R-1",\n')


def test_a_broken_cell_has_its_message_under_its_line(page: Any, studio: Studio) -> None:
    put_before(page, "Mapping", "sku", "x")
    put_before(page, "Mapping", "money(price)", "not_")
    message = pane(page, "Mapping").locator(".message.error", has_text="unknown-function")
    message.wait_for()
    lines = pane(page, "Mapping").locator(".cm-content > *").all_inner_texts()
    place = next(at for at, line in enumerate(lines) if "not_money" in line)
    assert "unknown-function" in lines[place + 1]
    assert pane(page, "Mapping").locator(".wrong.error", has_text="not_money").count()
    assert page.get_by_role("tab", name=re.compile(r"Problems \(\d\)")).is_visible()
    assert (studio.folder / MAPPING).read_text(encoding="utf-8") == ORDER


def test_the_cure_of_a_message_is_done_when_it_is_chosen(page: Any) -> None:
    put_before(page, "Mapping", "id", "i")
    message = pane(page, "Mapping").locator(".message.error", has_text="did you mean `id`?")
    message.get_by_role("button", name="Fix …").click()
    expect_text(page, "Mapping", "number: id")
    playwright.expect(message).to_have_count(0)
    assert not page.get_by_role("button", name="Save").is_enabled()


def test_a_value_lights_up_its_cell_and_its_source_and_back(page: Any) -> None:
    pane(page, "Result").get_by_text('"9.50"').hover()
    playwright.expect(pane(page, "Mapping").locator(".lit.cell")).to_have_text("money(price)")
    playwright.expect(pane(page, "Payload").locator(".lit.read")).to_have_text(['"price": 9.5'])
    page.get_by_role("tab", name="Why").click()
    playwright.expect(page.locator("#pane-why")).to_contain_text('lines[].total = "9.50"')

    pane(page, "Payload").get_by_text('"R-1"').hover()
    playwright.expect(pane(page, "Result").locator(".lit.written")).to_have_text(['"number": "R-1"'])
    playwright.expect(pane(page, "Mapping").locator(".lit.cell")).to_have_text("id")
    playwright.expect(page.locator(".cm-tooltip")).to_contain_text("goes to number")
    playwright.expect(page.locator(".cm-tooltip")).to_contain_text("id text in shop/order")


def test_the_editor_completes_with_the_properties_of_the_place(page: Any) -> None:
    put_before(page, "Mapping", "id", "customer.")
    page.keyboard.press("Control+Space")
    option = page.locator(".cm-tooltip-autocomplete").get_by_role("option").first
    playwright.expect(option).to_contain_text("email")
    page.wait_for_timeout(100)  # CodeMirror takes no key just after it has opened the list
    page.keyboard.press("Enter")
    expect_text(page, "Mapping", "customer.email")


def test_sensitive_values_are_not_in_the_page_until_they_are_revealed(page: Any) -> None:
    assert "ada@example.com" not in page.locator("body").inner_text()
    assert pane(page, "Payload").locator(".hidden-value").count() == 1
    page.get_by_label("Reveal sensitive values").check()
    expect_text(page, "Result", "ada@example.com")
    expect_text(page, "Payload", "ada@example.com")


def test_an_answer_is_edited_and_the_sequence_changes(page: Any) -> None:
    show(page, CONVERSATION)
    sequence = page.get_by_role("list", name="What happens, in order")
    playwright.expect(sequence).to_contain_text("POST /notes")
    put_before(page, "Answers", "true", "false")
    for _ in "true":
        page.keyboard.press("Delete")
    playwright.expect(sequence).to_contain_text("note skipped `if` is not true")
    playwright.expect(sequence).not_to_contain_text("POST /notes")


def test_a_change_is_kept_in_the_browser_and_saved_when_told_to(page: Any, studio: Studio) -> None:
    put_before(page, "Mapping", "id", "items[0].sku || ")
    playwright.expect(page.get_by_role("button", name="Save")).to_be_enabled()
    page.reload()
    expect_text(page, "Mapping", "items[0].sku || id")
    assert (studio.folder / MAPPING).read_text(encoding="utf-8") == ORDER
    page.keyboard.press("Control+s")
    playwright.expect(page.get_by_role("status")).to_have_text("saved")
    saved = ORDER.replace("number: id", "number: items[0].sku || id")
    assert (studio.folder / MAPPING).read_text(encoding="utf-8") == saved


def test_an_edit_on_disk_is_followed_unless_it_would_lose_something(page: Any, studio: Studio) -> None:
    changed = ORDER.replace("number: id", "number: items[0].sku")
    (studio.folder / MAPPING).write_text(changed, encoding="utf-8")
    expect_text(page, "Result", '"number": "MUG"')
    put_before(page, "Mapping", "items[0].sku", "id || ")
    expect_text(page, "Result", '"number": "R-1"')
    (studio.folder / MAPPING).write_text(ORDER, encoding="utf-8")
    alert = page.get_by_role("alert")
    playwright.expect(alert).to_contain_text(f"{MAPPING} was changed on disk, and has unsaved changes here.")
    expect_text(page, "Mapping", "id || items[0].sku")
    alert.get_by_role("button", name="Take the file on disk").click()
    expect_text(page, "Mapping", "number: id")
    playwright.expect(alert).to_have_count(0)


def test_the_examples_are_tabs_with_verdicts_and_the_keyboard_moves_between_them(page: Any) -> None:
    tabs = page.get_by_role("tablist", name="Examples")
    playwright.expect(tabs.get_by_role("tab", name="full")).to_have_class(re.compile("same"))
    playwright.expect(tabs.get_by_role("tab", name="empty")).to_have_class(re.compile("differs"))
    tabs.get_by_role("tab", name="full").focus()
    page.keyboard.press("ArrowUp")
    expect_text(page, "Payload", '"R-2"')
    assert tabs.get_by_role("tab", selected=True).inner_text() == "empty"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_has_no_serious_finding_of_accessibility(page: Any, theme: str) -> None:
    if not AXE.exists():
        pytest.skip("the npm package axe-core is not installed: `make node-tools` installs it")
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    pane(page, "Payload").get_by_text('"R-1"').hover()
    page.locator(".cm-tooltip .tip").wait_for()
    found = serious(page)
    for path in (MAPPING, CONVERSATION):
        show(page, path)
        page.get_by_role("tab", name="Sheet").click()
        page.locator(".sheet table").first.wait_for()
        page.wait_for_timeout(200)  # colours change slowly
        found |= serious(page)
    page.set_viewport_size({"width": 390, "height": 800})
    found |= serious(page)
    assert found == {}


def serious(page: Any) -> dict[str, list[str]]:
    # The policy of the page keeps it from loading code; the browser's debugger may run some.
    page.evaluate(AXE.read_text(encoding="utf-8") + "; null")
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return {
        each["id"]: [" ".join(map(str, node["target"])) + ": " + node["html"][:120] for node in each["nodes"]]
        for each in result["violations"]
        if each["impact"] in ("serious", "critical")
    }


def test_on_a_narrow_screen_one_pane_is_shown_and_nothing_is_cut_off(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("button", name="Result", exact=True).click()
    assert pane(page, "Result").is_visible()
    assert not pane(page, "Mapping").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_shop_is_what_the_tests_say() -> None:
    """The snapshot of `empty` is wrong on purpose; the rest of the shop is sound."""
    assert json.dumps(FILES["snapshots/shop/order/empty.json"]) == '{"number": "R-3", "lines": []}'
