"""What the worker counts and times, for Prometheus. One `Metrics` per server, no global registry."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.033, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """All metrics, named ``lodestream_…``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.time_to_first_level = self._seconds(
            "time_to_first_level_seconds", "Receiving a request to having sent its first level"
        )
        self.time_to_level = self._seconds(
            "time_to_level_seconds", "Receiving a request to having sent the level", "level"
        )
        self.stage = self._seconds("stage_seconds", "Computing one stage", "stage")
        self.queue = self._seconds("queue_seconds", "Waiting for a worker thread")
        self.batch_size = Histogram(
            "lodestream_batch_size", "Requests per network call", ("model",), buckets=BATCHES, registry=self.registry
        )
        self.streams_active = self._gauge("streams_active", "Streams under way")
        self.requests = self._counter("requests", "Finished calls", "method", "code")
        self.bytes_sent = self._counter("bytes_sent", "GLB bytes sent", "level")
        self.engine_info = self._gauge("engine_info", "The engine that runs a model", "model", "engine", "precision")
        self.engine_corrupt = self._counter("engine_corrupt", "Damaged files of engines, made anew")
        self.engine_fallback = self._counter(
            "engine_fallback", "Models that a slower engine took over", "model", "reason"
        )
        self.store_bytes = self._gauge("store_bytes", "Size of the store on disk")
        self.store_avatars = self._gauge("store_avatars", "Avatars in the store")
        self.store_hits = self._counter("store_hits", "Levels served from the store")
        self.store_misses = self._counter("store_misses", "Levels that the store did not have")
        self.store_evictions = self._counter("store_evictions", "Avatars whose levels were dropped for room")
        self.store_corrupt = self._counter("store_corrupt", "Damaged files of the store, put aside")
        self.store_errors = self._counter("store_errors", "Failed reads and writes of the store")
        self.certificate_expiry = self._gauge(
            "certificate_expiry_seconds", "When the first certificate of the chain ends, since 1970; 0 without TLS"
        )
        self.reload_failed = self._gauge("reload_failed", "Whether what was read last could not be used", "what")
        self.cache_hits = self._counter("cache_hits", "Results that were still known", "cache")
        self.cache_misses = self._counter("cache_misses", "Results that had to be worked out", "cache")
        self.cache_bytes = self._gauge("cache_bytes", "Size of what is known, in memory", "cache")
        self.gallery_pictures = self._gauge("gallery_pictures", "Pictures in the gallery")
        self.gallery_search = self._seconds("gallery_search_seconds", "Searching the gallery")

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _seconds(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"lodestream_{name}", text, labels, buckets=SECONDS, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"lodestream_{name}", text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"lodestream_{name}", text, labels, registry=self.registry)
