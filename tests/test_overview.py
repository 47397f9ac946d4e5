"""The page of actions and channels: made from the conversations, and kept as they are."""

import re

from conftest import REPOSITORY
from crossdock import Project
from crossdock.tools.overview import diagram, overview


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
