"""Prometheus figures of one process and the page that shows them. Knows no part: each part names its own figures here, once."""

from __future__ import annotations

from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.process_collector import ProcessCollector
from twisted.web.resource import Resource
from twisted.web.server import Request

REGISTRY = CollectorRegistry(auto_describe=True)
PROCESS = ProcessCollector(registry=REGISTRY)
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # bucket edges

_made: dict[str, MetricWrapperBase] = {}
M = TypeVar("M", bound=MetricWrapperBase)


def _once(name: str, made: type[M], text: str, labels: tuple[str, ...], **more: Any) -> M:
    found = _made.get(name)
    if found is None:
        found = made(name, text, labels, registry=REGISTRY, **more)
        _made[name] = found
    if not isinstance(found, made):
        raise ValueError(f"{name} is already a {type(found).__name__}")
    return found


def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
    """The counter `name` (it ends in _total), made at the first call."""
    return _once(name, Counter, text, labels)


def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
    """The gauge `name`, made at the first call."""
    return _once(name, Gauge, text, labels)


def seconds(name: str, text: str, labels: tuple[str, ...] = ()) -> Histogram:
    """The histogram `name` of seconds (it ends in _seconds), made at the first call."""
    return _once(name, Histogram, text, labels, buckets=SECONDS)


MISHAPS = counter("gengfu_mishaps_total", "Bugs caught at a boundary", ("where",))


def exposition() -> bytes:
    """Every figure of this process in the Prometheus text format."""
    return generate_latest(REGISTRY)


class MetricsPage(Resource):
    """GET /metrics as a twisted.web resource; put it at `metrics` of a site's root."""

    isLeaf = True  # noqa: N815 - twisted.web's name

    def render_GET(self, request: Request) -> bytes:  # noqa: N802
        """The exposition, never cached."""
        headers = request.responseHeaders
        headers.setRawHeaders(b"content-type", [CONTENT_TYPE_LATEST.encode("ascii")])
        headers.setRawHeaders(b"cache-control", [b"no-store"])
        return exposition()
