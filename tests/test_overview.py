"""The page of actions and channels: made from the conversations, and kept as they are."""

from conftest import REPOSITORY
from crossdock import Project
from crossdock.tools.overview import overview


def test_the_page_is_what_the_conversations_say() -> None:
    page = (REPOSITORY / "docs" / "channels.md").read_text(encoding="utf-8")
    assert overview(Project.open(REPOSITORY)) == page, "crossdock overview > docs/channels.md"


def test_every_action_is_answered_by_every_channel() -> None:
    project = Project.open(REPOSITORY)
    wanted = {
        f"{channel}/{action}" for channel in project.dialects.channels() for action in project.actions.by_name
    }
    assert wanted <= set(project.conversation_names())
