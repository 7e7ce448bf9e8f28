"""Transforms as scripts call them: `ApplyMapping.apply(frame=…, mappings=…, transformation_ctx=…)`."""

from awsglue.transforms.collections import FlatMap, MapToCollection, SelectFromCollection, SplitFields, SplitRows
from awsglue.transforms.fields import (
    ApplyMapping,
    DropFields,
    DropNullFields,
    RenameField,
    ResolveChoice,
    SelectFields,
    Unbox,
    UnnestFrame,
)
from awsglue.transforms.frames import ErrorsAsDynamicFrame, Join, Relationalize, Spigot
from awsglue.transforms.records import Filter, Map
from awsglue.transforms.transform import GlueTransform, Transform

__all__ = [
    "ApplyMapping",
    "DropFields",
    "DropNullFields",
    "ErrorsAsDynamicFrame",
    "Filter",
    "FlatMap",
    "GlueTransform",
    "Join",
    "Map",
    "MapToCollection",
    "Relationalize",
    "RenameField",
    "ResolveChoice",
    "SelectFields",
    "SelectFromCollection",
    "Spigot",
    "SplitFields",
    "SplitRows",
    "Transform",
    "Unbox",
    "UnnestFrame",
]
