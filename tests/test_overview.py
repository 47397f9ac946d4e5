"""The page of actions and channels: made from the conversations, and kept as they are."""

import re
from xml.etree import ElementTree

from conftest import REPOSITORY
from crossdock import Project
from crossdock.tools.overview import diagram, overview

SVG = "{http://www.w3.org/2000/svg}"


def test_the_page_is_what_the_conversations_say() -> None:
    page = (REPOSITORY / "docs" / "channels.md").read_text(encoding="utf-8")
    assert overview(Project.open(REPOSITORY)) == page, "crossdock overview > docs/channels.md"


def test_every_action_is_answered_by_every_channel() -> None:
    project = Project.open(REPOSITORY)
    wanted = {
        f"{channel}/{action}" for channel in project.dialects.channels() for action in project.actions.by_name
    }
    assert wanted <= set(project.conversation_names())


def test_the_diagram_of_a_mapping_is_that_of_its_page() -> None:
    page = (REPOSITORY / "docs" / "explain.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```mermaid\n(.*?)\n```", page, re.DOTALL)
    assert diagram(Project.open(REPOSITORY), "fabric/inv_push/stock") == shown


def test_the_diagram_of_a_conversation_and_of_shared_steps() -> None:
    project = Project.open(REPOSITORY)
    page = (REPOSITORY / "docs" / "channels.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{diagram(project, 'kibo/order_ack')}\n```" in page
    lines = diagram(project, "kibo/find_order").splitlines()
    assert lines[1] == "    participant R as the file that uses it"
    assert (lines[4], lines[-1]) == ("    R->>X: find_order", "    X-->>R: answer")


def pictured(name: str) -> tuple[list[str], str, ElementTree.Element]:
    """The texts in a picture, its description, and the picture."""
    root = ElementTree.fromstring(diagram(Project.open(REPOSITORY), name, "svg"))
    of = {tag: [each.text or "" for each in root.iter(f"{SVG}{tag}")] for tag in ("text", "title", "desc")}
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "title desc"
    (title,), (described,) = of["title"], of["desc"]
    assert title
    return of["text"], described, root


def test_the_picture_of_a_mapping_has_each_field_once_and_says_what_it_is_made_of() -> None:
    texts, described, root = pictured("fabric/inv_push/stock")
    assert texts == [
        *("sku", "location", "settings().inventory_counter", "quantity", "vendor", "est_ship"),
        *("sku", "locationNumber", "counters", "vendorId", "backorderShipmentAt"),
    ]
    assert described == (
        "sku is made of sku. locationNumber is made of location. "
        "counters is made of settings().inventory_counter. counters is made of quantity. "
        "vendorId is made of vendor. backorderShipmentAt is made of est_ship. "
        "backorderShipmentAt is decided by vendor"
    )
    kinds = [each.attrib.get("class") for each in root.iter(f"{SVG}path")]
    assert kinds == ["head", *["arrow"] * 6, "arrow back"]


def test_the_picture_of_a_conversation_has_its_calls_in_order() -> None:
    texts, described, root = pictured("fabric/inv_push")
    assert texts[:4] == ["RetailOPS", "Crossdock", "fabric", "inv_push"]
    assert texts[-1] == "response"
    assert "created: POST /inventories" in texts
    asked = "Crossdock to fabric: created: POST /inventories"
    answer = "fabric to Crossdock: fabric/inventory, or none if not_found || status == `409` ||"
    assert f"opt unless $updated: begin. {asked}. {answer} body.errorCode == 'SERVICE-4005'. end" in described
    width, height = (float(root.attrib[side]) for side in ("width", "height"))
    for each in root.iter(f"{SVG}text"):
        half = len(each.text or "") * 7.3 / (2 if each.attrib["text-anchor"] == "middle" else 1)
        assert 0 < float(each.attrib["y"]) < height
        assert float(each.attrib["x"]) + half < width, each.text
