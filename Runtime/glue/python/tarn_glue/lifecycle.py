"""Deleting old files of tables and folders, and changing their storage class."""

import time

from . import objects

RETENTION_HOURS = 168
# A copy onto itself is one request up to this size; S3 asks for parts above it.
COPY_BYTES_MAX = 5 * 1024**3


def _old(path, options):
    """The objects below a path that are past their retention, without those of the excluded storage classes."""
    hours = float(options.get("retentionPeriod", RETENTION_HOURS))
    until = (time.time() - hours * 3600) * 1000
    root = path if path.endswith("/") else path + "/"
    found = [item for item in objects.listed(root) if item.modified <= until]
    excluded = set(options.get("excludeStorageClasses") or ())
    if not excluded:
        return found
    client = objects.client("s3")
    return [
        item
        for item in found
        if client.head_object(Bucket=item.bucket, Key=item.key).get("StorageClass", "STANDARD") not in excluded
    ]


def purge(path, options):
    """Deletes the old files below a path."""
    objects.delete(_old(path, options))


def purge_table(context, database, name, options, catalog_id):
    """Deletes the old files of a table, and those partitions of `partitionPredicate` alone where it is told. The
    partitions that were told so are taken out of the catalog."""
    from . import catalog

    table = context.catalog.table(database, name, catalog_id)
    predicate = options.get("partitionPredicate")
    if not predicate:
        purge(table.location, options)
        return
    partitions = catalog.pruned(context.spark_session, table, context.catalog.partitions(table), predicate)
    for partition in partitions:
        purge(partition.location, options)
        left = objects.listed(partition.location.rstrip("/") + "/")
        if not left:
            context.catalog.glue.delete_partition(
                DatabaseName=database,
                TableName=name,
                PartitionValues=list(partition.values),
                **({"CatalogId": catalog_id} if catalog_id else {}),
            )


def transition(path, storage_class, options):
    """Gives the old files below a path another storage class."""
    for item in _old(path, options):
        if item.size > COPY_BYTES_MAX:
            raise NotImplementedError(f"{objects.address(item)} is larger than one copy takes (5 GiB)")
        objects.client("s3").copy_object(
            Bucket=item.bucket,
            Key=item.key,
            CopySource={"Bucket": item.bucket, "Key": item.key},
            StorageClass=storage_class,
            MetadataDirective="COPY",
        )
