"""A gateway before a channel that fails in every way: what is done is done once, and nothing is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from faults.kit import shop
from gateway_kit import until


@pytest.fixture
def journal(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/journal.db"


def test_a_call_waits_until_the_channel_had_its_time_before_the_run_looked(journal: str) -> None:
    """The look-up comes before a late effect, and its answer after the time of one attempt."""
    with shop(journal, [("POST", "late_effect"), ("GET", "latency")], late=0.9) as found:
        begun = time.monotonic()
        assert len(found.cancel(1001).json()["events"]) == 1
        time.sleep(max(begun + 0.85 - time.monotonic(), 0))
        (event,) = found.cancel(1001).json()["events"]
        assert event["data"]["message"].startswith("the same call was just made")
        until(lambda: found.ledger.counts)
        time.sleep(0.2)
        assert found.cancel(1001).json() == {"events": []}
    assert found.ledger.counts == {"cancel-1001": 1}
