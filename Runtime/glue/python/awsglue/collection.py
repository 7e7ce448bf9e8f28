"""Frames by name, as transforms give them that make several."""


class DynamicFrameCollection:
    """Frames by name."""

    def __init__(self, dynamic_frames, glue_ctx):
        self._frames = dict(dynamic_frames)
        self.glue_ctx = glue_ctx

    def __getitem__(self, key):
        return self._frames[key]

    def __len__(self):
        return len(self._frames)

    def __iter__(self):
        return iter(self._frames)

    def keys(self):
        return self._frames.keys()

    def values(self):
        return self._frames.values()

    def items(self):
        return self._frames.items()

    def select(self, key, transformation_ctx=""):
        """A frame by its name; raises `KeyError` for one that is not there."""
        return self._frames[key]

    def map(self, callable, transformation_ctx=""):
        """A collection of `callable(frame, transformation_ctx)` of every frame."""
        return DynamicFrameCollection(
            {name: callable(frame, f"{transformation_ctx}_{name}") for name, frame in self._frames.items()},
            self.glue_ctx,
        )

    def flatmap(self, f, transformation_ctx=""):
        """A collection of all frames of the collections that `f` gives; their names stand behind the frame's own."""
        found = {}
        for name, frame in self._frames.items():
            result = f(frame, f"{transformation_ctx}_{name}")
            if isinstance(result, DynamicFrameCollection):
                found.update({f"{name}_{inner}": part for inner, part in result.items()})
            else:
                found[name] = result
        return DynamicFrameCollection(found, self.glue_ctx)
