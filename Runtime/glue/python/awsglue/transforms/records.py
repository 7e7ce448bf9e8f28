"""Transforms by a function of the script's."""

from awsglue.transforms.transform import GlueTransform, checked


class Filter(GlueTransform):
    """Keeps the records for which `f` is true."""

    def __call__(self, frame, f, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return checked(frame, "Filter").filter(f, transformation_ctx, info, stageThreshold, totalThreshold)


class Map(GlueTransform):
    """`f` of every record."""

    def __call__(self, frame, f, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return checked(frame, "Map").map(
            f,
            transformation_ctx=transformation_ctx,
            info=info,
            stageThreshold=stageThreshold,
            totalThreshold=totalThreshold,
        )
