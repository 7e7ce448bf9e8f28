"""Transforms of whole frames."""

from awsglue.transforms.transform import GlueTransform, checked


class Join(GlueTransform):
    """Records of two frames whose keys are equal."""

    def __call__(
        self, frame1, frame2, keys1, keys2, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0
    ):
        return checked(frame1, "Join").join(
            keys1, keys2, checked(frame2, "Join"), transformation_ctx, info, stageThreshold, totalThreshold
        )


class Relationalize(GlueTransform):
    """Flat tables of nested records."""

    def __call__(
        self,
        frame,
        staging_path=None,
        name="roottable",
        options=None,
        transformation_ctx="",
        info="",
        stageThreshold=0,
        totalThreshold=0,
    ):
        return checked(frame, "Relationalize").relationalize(
            name, staging_path, options, transformation_ctx, info, stageThreshold, totalThreshold
        )


class Spigot(GlueTransform):
    """Writes a sample of the records aside."""

    def __call__(self, frame, path, options=None, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return checked(frame, "Spigot").spigot(path, options, transformation_ctx, info, stageThreshold, totalThreshold)


class ErrorsAsDynamicFrame(GlueTransform):
    """The error records of a frame and of those that it was made of."""

    def __call__(self, frame):
        return checked(frame, "ErrorsAsDynamicFrame").errorsAsDynamicFrame()
