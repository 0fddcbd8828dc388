"""Every setting of the extractor; the only reader of the environment."""

from pydantic import Field

from chassis.settings import ServiceSettings


class ExtractorSettings(ServiceSettings):
    """Common settings and the extractor's own."""

    extractor_roles: str = Field(default="files", description="Roles of this process, comma-separated: files.")
    extractor_workers: int = Field(default=2, ge=0, le=64, description="Segments decoded at a time in this process.")
    extractor_lease_s: float = Field(
        default=10.0, gt=2, description="Seconds after which a silent worker's segment is another's."
    )
    extractor_attempts: int = Field(default=4, ge=1, description="Tries of a segment before its job fails.")
    extractor_retry_s: float = Field(
        default=21_600.0, ge=0, description="Seconds for which a failed run may be tried again before its end is told."
    )
    extractor_stall_s: float = Field(
        default=60.0, gt=0, description="Seconds without a sign of life after which a decoder is killed."
    )
    extractor_memory_mb: int = Field(
        default=3072, ge=512, description="Address space of one decoding process, MiB; 4K needs about 1500."
    )
    extractor_cache_mb: int = Field(
        default=8192, ge=0, description="Originals from S3 that are kept between segments, MiB; the newest always is."
    )
    extractor_jpeg_quality: int = Field(default=85, ge=1, le=100, description="Quality of stored frames.")
    extractor_run_window: int = Field(
        default=500, ge=0, description="Frames of runs that may wait for the window group; 0 turns the window off."
    )
    extractor_window_group: str = Field(
        default="cropper", description="Consumer group of frame.extracted whose lag the window looks at."
    )
