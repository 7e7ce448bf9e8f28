"""Transforms that take or give several frames."""

from awsglue.transforms.transform import GlueTransform, checked, checked_collection


class SelectFromCollection(GlueTransform):
    """A frame of a collection by its key; the only one where there is only one and no key."""

    def __call__(self, dfc, key=None, transformation_ctx="", **options):
        collection = checked_collection(dfc, "SelectFromCollection")
        if key is None:
            key = next(iter(collection.keys()))
        return collection.select(key, transformation_ctx)


class SplitFields(GlueTransform):
    """Two frames: the fields at the paths, and the others."""

    def __call__(
        self, frame, paths, name1=None, name2=None, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0
    ):
        frame = checked(frame, "SplitFields")
        return frame.split_fields(
            paths,
            name1 or f"{frame.name}1",
            name2 or f"{frame.name}2",
            transformation_ctx,
            info,
            stageThreshold,
            totalThreshold,
        )


class SplitRows(GlueTransform):
    """Two frames: the records that satisfy a comparison, and the others."""

    def __call__(
        self,
        frame,
        comparison_dict,
        name1="frame1",
        name2="frame2",
        transformation_ctx="",
        info=None,
        stageThreshold=0,
        totalThreshold=0,
    ):
        return checked(frame, "SplitRows").split_rows(
            comparison_dict, name1, name2, transformation_ctx, info, stageThreshold, totalThreshold
        )


class MapToCollection(GlueTransform):
    """A transform of every frame of a collection."""

    def __call__(self, dfc, BaseTransform=None, frame_name="frame", transformation_ctx="", base_kwargs=None, **more):
        options = {**(base_kwargs or {}), **more}
        if BaseTransform is None:
            BaseTransform = options.pop("callable")
            return checked_collection(dfc, "MapToCollection").map(BaseTransform, transformation_ctx)
        return checked_collection(dfc, "MapToCollection").map(
            lambda frame, name: BaseTransform.apply(**{frame_name: frame, **options}), transformation_ctx
        )


class FlatMap(GlueTransform):
    """A transform of every frame of a collection that may give collections, put together in one."""

    def __call__(self, dfc, BaseTransform, frame_name="frame", transformation_ctx="", **base_kwargs):
        return checked_collection(dfc, "FlatMap").flatmap(
            lambda frame, name: BaseTransform.apply(**{frame_name: frame, **base_kwargs}), transformation_ctx
        )
