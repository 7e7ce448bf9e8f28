"""Job bookmarks: what a source's earlier runs have read, by transformation context.

S3: a run's listing tells its objects' modification times. Kept are a time, `floor`, and the objects at or after it that
were read. An object before the floor was read or was there to be read; one at or after it was read if it is listed.
The floor lies `band` seconds before the newest object, so that one which appears late, with an earlier time, is read
and nothing is read twice.

JDBC: the largest key that was read.
"""

import hashlib
import json

from .control import Control, ControlError

FORM = 1
# AWS's default of `maxBand`: how late an object may appear with an earlier time.
BAND_SECONDS = 900
# Above this many objects in the band the floor rises as far as the objects' times allow.
OBJECTS_IN_BAND_MAX = 20_000
ENABLE, PAUSE, DISABLE = "job-bookmark-enable", "job-bookmark-pause", "job-bookmark-disable"


class BookmarkConflict(Exception):
    """Another run of the job moved the bookmark in the meantime."""


class S3Progress:
    """What was read of one S3 source. Times are milliseconds since 1970."""

    def __init__(self, floor=None, marks=()):
        self.floor = floor
        self.marks = set(marks)

    @classmethod
    def of_state(cls, state):
        return cls(state.get("floor"), state.get("marks", ())) if state and state.get("type") == "s3" else cls()

    def was_read(self, item):
        if self.floor is None:
            return False
        return item.modified < self.floor or mark(item) in self.marks

    def after(self, items, band_seconds=BAND_SECONDS):
        """The progress once all of `items` (everything that was listed) is read. Never goes back."""
        if not items:
            return self
        newest = max(item.modified for item in items)
        floor = newest - band_seconds * 1000
        if self.floor is not None:
            floor = max(floor, self.floor)
        inside = sorted((item for item in items if item.modified >= floor), key=lambda item: item.modified)
        if len(inside) > OBJECTS_IN_BAND_MAX:
            # Raise the floor to the time from which on there are few enough; all of one time stay together.
            floor = min(inside[-OBJECTS_IN_BAND_MAX].modified + 1, newest)
            inside = [item for item in inside if item.modified >= floor]
        return S3Progress(floor, {mark(item) for item in inside})

    def state(self):
        return {"type": "s3", "floor": self.floor, "marks": sorted(self.marks)}


def mark(item):
    """A short name of one version of an object."""
    text = f"{item.bucket}/{item.key}\0{item.etag}\0{item.modified}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Bookmarks:
    """The bookmarks of one run: read at `Job.init`, told at `Job.commit`."""

    def __init__(self, option=DISABLE, states=None, version=0, until=None, control=None):
        self.option = option
        self.states = dict(states or {})
        self.until = dict(until or {})
        self.version = version
        self.control = control
        self.new = {}
        self._reads_ahead = False

    @classmethod
    def read(cls, option):
        """This run's bookmarks from the server; `option` is what the script was told, the server's word goes first."""
        control = Control.current()
        if control is None:
            return cls()
        told = control.bookmark()
        option = told.get("Option") or option or DISABLE
        return cls(
            option,
            _states(told.get("JobBookmark")),
            int(told.get("Version") or 0),
            _states(told.get("To")),
            control,
        )

    @property
    def is_enabled(self):
        return self.option in (ENABLE, PAUSE)

    def state(self, context):
        """What earlier runs left for a context; None without a context, and when bookmarks are off."""
        return self.states.get(context) if self.is_enabled and context else None

    def upper(self, context):
        """Where a paused run is to stop (`--job-bookmark-to`), or None."""
        return self.until.get(context) if self.is_enabled and context else None

    def remember(self, context, state):
        """Notes what this run reads; it counts once the run commits.

        The server hears of the first such read before anything of it can be written: see `Control.reading`.
        """
        if not (self.is_enabled and context):
            return
        self.new[context] = state
        ahead = self.option == ENABLE and self.control is not None and self.states.get(context) != state
        if ahead and not self._reads_ahead:
            self.control.reading()
            self._reads_ahead = True

    def commit(self):
        """Moves the bookmark; raises `BookmarkConflict` when another run has. A paused run's does not move."""
        if self.option != ENABLE or self.control is None or not self.new:
            return
        states = {**self.states, **self.new}
        if states == self.states:
            return
        text = json.dumps({"form": FORM, "contexts": states}, separators=(",", ":"), default=str)
        try:
            told = self.control.put_bookmark(text, self.version)
        except ControlError as error:
            if error.status == 409:
                raise BookmarkConflict("The job's bookmark was moved by another run of the job.") from None
            raise
        self.version = int(told.get("Version") or self.version + 1)
        self.states, self.new, self._reads_ahead = states, {}, False


def _states(text):
    # A paused run's `To` may be a state, or absent.
    if not text or not text.startswith("{"):
        return {}
    told = json.loads(text)
    if told.get("form") != FORM:
        raise ValueError(
            f"The job's bookmark has the form {told.get('form')!r}, which this version does not read;"
            " reset it (ResetJobBookmark)."
        )
    return told["contexts"]
