"""Metrics of the api alone."""

from chassis.metrics import Counter, Gauge, Seconds

_UP_TO_HOURS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0)

HTTP_REQUESTS = Counter("http_requests_total", "HTTP requests answered", ("route", "method", "status"))
HTTP_SECONDS = Seconds("http_seconds", "Time to answer an HTTP request", ("route",))
LAYOUT_PULLS = Counter("layout_pulls_total", "Layouts asked of external croppers, by what came of it", ("code",))
OPEN_STREAMS = Gauge("open_streams", "Open server-sent event streams")
SITE_STORAGE = Gauge(
    "site_storage_bytes", "Stored bytes of a site: originals, frames, crops with judgements; reserved", ("site", "kind")
)
SITE_STORAGE_LIMIT = Gauge(
    "site_storage_limit_bytes",
    "What a site may store: originals; pictures, which are frames and crops",
    ("site", "kind"),
)
JOBS = Counter("jobs_total", "Jobs that ended, by status and code of the failure", ("status", "code"))
JOBS_OPEN = Gauge("jobs_open", "Jobs whose file is uploaded and that have not ended")
JOBS_STUCK = Gauge("jobs_stuck", "Open jobs of which nothing was heard for API_JOB_STUCK_S")
JOB_OLDEST_SECONDS = Gauge("job_oldest_seconds", "Time since the upload of the oldest open job; 0 when there is none")
JOB_SECONDS = Seconds(
    "job_seconds", "Time from the stored upload to the end of the job", ("status",), buckets=_UP_TO_HOURS
)
LIGHT_TO_STATE_SECONDS = Seconds(
    "light_to_state_seconds",
    "Live: from the light to its table state being readable; runs: from the stored upload to the last one",
    ("lane",),
    buckets=_UP_TO_HOURS,
)
