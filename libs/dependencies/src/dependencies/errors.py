"""A dependency that cannot be used now. A class is one code; its docstring is what an operator has to do.

The codes are in `/readyz`, in `tablewatch check`, in logs, and as `cause` in a problem with status 503.
"""

import errno
from typing import ClassVar

from chassis.errors import CodedError


class DependencyError(CodedError, ConnectionError):
    """A dependency cannot be used now.

    A ConnectionError, so that whoever waits for a part that is away waits for this too. `name` is that of the
    dependency: `store`, `database`, `broker`, or `uploads` (ingest's directory).
    """

    name: ClassVar[str]
    noun: ClassVar[str]
    status = 503
    retryable = True

    def __str__(self) -> str:
        return self.complaint

    @property
    def complaint(self) -> str:
        """For operators: code and sentence, and what is special about this case."""
        return f"{self.code}: {self.reason}"

    @property
    def excuse(self) -> str:
        """For clients, who can do nothing but wait: which part it is, and no detail of it."""
        return f"The {self.noun} cannot be used now ({self.code}); try again."


class StoreUnavailable(DependencyError):
    """The object store cannot be used now."""

    name = "store"
    noun = "object store"


class StoreUnreachable(StoreUnavailable):
    """The object store does not answer. Start or mount it, or correct S3_URL or OBJECTS_DIR."""


class StoreFailing(StoreUnavailable):
    """The object store answers with errors of its own, or asks for fewer requests. Look at its log."""


class StoreKeyRefused(StoreUnavailable):
    """The object store refuses our key. Correct S3_ACCESS_KEY and S3_SECRET_KEY, or let it read, write and list."""


class StoreBucketMissing(StoreUnavailable):
    """The bucket does not exist. Create it, or correct S3_BUCKET."""


class StoreClockSkewed(StoreUnavailable):
    """The clocks of this machine and of the object store differ too much. Set both, for example by NTP."""


class StoreDirectoryMissing(StoreUnavailable):
    """The directory of the objects is not there. Mount or create it, or correct OBJECTS_DIR."""


class StoreReadOnly(StoreUnavailable):
    """Objects cannot be written to their directory. Remount it writable, or correct its owner and mode."""


class StoreFull(StoreUnavailable):
    """There is no space left for objects. Free some, or enlarge the disk."""


class UploadsUnavailable(DependencyError):
    """The directory of uploads under way cannot be used now."""

    name = "uploads"
    noun = "disk of the uploads"


class UploadsUnreachable(UploadsUnavailable):
    """The directory of uploads under way does not answer. Look at what it is mounted from."""


class UploadsDirectoryMissing(UploadsUnavailable):
    """The directory of uploads under way is not there. Mount or create it, or correct INGEST_UPLOADS_DIR."""


class UploadsReadOnly(UploadsUnavailable):
    """Uploads cannot be written to their directory. Remount it writable, or correct its owner and mode."""


class UploadsFull(UploadsUnavailable):
    """There is no space left for uploads. Free some, or enlarge the disk."""


class DatabaseUnavailable(DependencyError):
    """The database cannot be used now."""

    name = "database"
    noun = "database"


class DatabaseUnreachable(DatabaseUnavailable):
    """The database does not answer. Start Postgres, or correct DATABASE_URL."""


class DatabaseRefused(DatabaseUnavailable):
    """The database refuses our user, password or database name. Correct DATABASE_URL."""


class DatabaseFull(DatabaseUnavailable):
    """The database has no space, memory or connections left. Free some, or raise its limits."""


class DatabaseReadOnly(DatabaseUnavailable):
    """The database takes no writes. Point DATABASE_URL to the primary."""


class BrokerUnavailable(DependencyError):
    """The broker cannot be used now."""

    name = "broker"
    noun = "message broker"


class BrokerUnreachable(BrokerUnavailable):
    """The broker does not answer. Start Kafka, or correct KAFKA_BOOTSTRAP."""


class DescriptorsExhausted(DependencyError):
    """The process or the machine has no file descriptor left. Raise its limit: ulimit -n, LimitNOFILE."""

    name = "descriptors"
    noun = "server's file descriptors"


NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})


def exhausted(error: BaseException) -> DescriptorsExhausted | None:
    """DescriptorsExhausted where that is the cause: it says nothing of the disk or peer that was to be opened."""
    return DescriptorsExhausted() if isinstance(error, OSError) and error.errno in NO_DESCRIPTOR else None
