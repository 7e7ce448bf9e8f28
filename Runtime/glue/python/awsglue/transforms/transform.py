"""What all transforms share."""

from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection


class Transform:
    """A transform is called with its frame; `apply` makes one and calls it."""

    @classmethod
    def apply(cls, *args, **kwargs):
        return cls()(*args, **kwargs)

    @classmethod
    def name(cls):
        return cls.__name__

    @classmethod
    def describe(cls):
        """The transform's documentation."""
        return (cls.__doc__ or "").strip()

    def errorsCount(self):
        return 0

    def __call__(self, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__} is no transform by itself")


class GlueTransform(Transform):
    """A transform of a DynamicFrame."""


def checked(frame, transform):
    """The frame; raises `TypeError` for what is none (a DataFrame, say), which else fails far from its cause."""
    if not isinstance(frame, DynamicFrame):
        raise TypeError(
            f"{transform} takes a DynamicFrame, not a {type(frame).__name__};"
            " DynamicFrame.fromDF makes one of a DataFrame"
        )
    return frame


def checked_collection(dfc, transform):
    if not isinstance(dfc, DynamicFrameCollection):
        raise TypeError(f"{transform} takes a DynamicFrameCollection, not a {type(dfc).__name__}")
    return dfc
