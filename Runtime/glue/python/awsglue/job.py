"""The job: where its bookmarks are read and moved."""

from tarn_glue.bookmarks import Bookmarks


class Job:
    """`init` at the beginning of a script, `commit` at its end. Sources between them read what is new to the job."""

    @classmethod
    def job_bookmark_options(cls):
        return ["job-bookmark-enable", "job-bookmark-pause", "job-bookmark-disable"]

    @classmethod
    def job_bookmark_range_options(cls):
        return ["job-bookmark-from", "job-bookmark-to"]

    @classmethod
    def id_params(cls):
        return ["JOB_NAME", "JOB_ID", "JOB_RUN_ID", "SECURITY_CONFIGURATION"]

    @classmethod
    def encryption_type_options(cls):
        return ["sse-s3"]

    def __init__(self, glue_context):
        self._context = glue_context
        self.name = ""
        self._initialised = False

    def init(self, job_name, args=None):
        """Reads the job's bookmarks; `args` is what `getResolvedOptions` gave."""
        self.name = job_name
        self._context.bookmarks = Bookmarks.read((args or {}).get("job_bookmark_option"))
        self._initialised = True

    def isInitialized(self):
        return self._initialised

    def commit(self):
        """Moves the bookmarks past what this run has read. Raises `BookmarkConflict` when another run has done so.

        Without `init` there is nothing to move, as on AWS.
        """
        self._context.bookmarks.commit()

    def reset(self):
        """Forgets what this run has read, before it is committed."""
        self._context.bookmarks.new.clear()
