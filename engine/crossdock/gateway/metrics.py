"""What Prometheus asks for: counts and times of requests, and the journal's entries by state."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from crossdock.gateway.gateway import Gateway
from crossdock.gateway.journal.store import JournalError
from crossdock.gateway.problems import Reply


class Metrics:
    """The metrics of one process; with several, those of all (by PROMETHEUS_MULTIPROC_DIR)."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "crossdock_requests",
            "Requests by profile, action and HTTP status.",
            ["profile", "action", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "crossdock_request_seconds",
            "The time from the first byte of a request to its answer.",
            ["profile", "action"],
            registry=self._registry,
        )

        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, reply: Reply, seconds: float) -> None:
        key = (reply.profile, reply.action, reply.status)
        found = self._known.get(key)
        if found is None:  # the library looks for them anew each time
            count = self._requests.labels(reply.profile, reply.action, str(reply.status))
            found = self._known[key] = (count, self._seconds.labels(reply.profile, reply.action))
        found[0].inc()
        found[1].observe(seconds)

    def shown(self) -> tuple[bytes, str]:
        """The text of all metrics, and its media type."""
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        entries = CollectorRegistry()
        gauge = Gauge(
            "crossdock_journal_entries", "Entries of the journal by state.", ["state"], registry=entries
        )
        paused = Gauge(
            "crossdock_channel_paused",
            "1 while the queued requests of a profile pause in this process, as its channel gives no answer.",
            ["profile"],
            registry=entries,
        )
        for profile, circuit in self._gateway.keeper.circuits.items():
            paused.labels(profile).set(circuit.is_open)
        try:
            for state, number in self._gateway.journal.counts().items():
                gauge.labels(state).set(number)
        except JournalError:
            pass  # the metrics of the process itself are still true
        return generate_latest(registry) + generate_latest(entries), CONTENT_TYPE_LATEST
