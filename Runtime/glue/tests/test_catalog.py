"""Tables of the Data Catalog: as dynamic frames, as sinks, and as Spark's own."""

import pytest

TEXT = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}


@pytest.fixture
def csv_table(glue, s3, bucket, database):
    """A crawled CSV table `t` with a bad value, in partitions by year."""
    storage = {
        **TEXT,
        "Location": f"s3://{bucket}/t/",
        "Columns": [
            {"Name": "id", "Type": "bigint"},
            {"Name": "name", "Type": "string"},
            {"Name": "born", "Type": "date"},
        ],
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"field.delim": ","},
        },
    }
    glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": "t",
            "StorageDescriptor": storage,
            "PartitionKeys": [{"Name": "year", "Type": "int"}],
            "Parameters": {"classification": "csv", "skip.header.line.count": "1"},
        },
    )
    for year, text in (
        ("2023", "id,name,born\n1,Ann,2001-02-03\nx,Bo,\n"),
        ("2024", 'id,name,born\n3,"C,y",1999-01-01\n'),
    ):
        s3.put_object(Bucket=bucket, Key=f"t/year={year}/f.csv", Body=text.encode())
        glue.create_partition(
            DatabaseName=database,
            TableName="t",
            PartitionInput={
                "Values": [year],
                "StorageDescriptor": {**storage, "Location": f"s3://{bucket}/t/year={year}/"},
            },
        )
    return database


def test_a_value_that_is_not_its_columns_makes_a_choice(csv_table, glue_context, rows):
    frame = glue_context.create_dynamic_frame.from_catalog(database=csv_table, table_name="t")
    assert dict(frame.toDF().dtypes) == {
        "id": "struct<long:bigint,string:string>",
        "name": "string",
        "born": "date",
        "year": "int",
    }
    assert sorted((str(row["id"]), row["name"], row["year"]) for row in rows(frame)) == [
        ("1", "Ann", 2023),
        ("3", "C,y", 2024),
        ("x", "Bo", 2023),
    ]
    resolved = frame.resolveChoice(choice="match_catalog", database=csv_table, table_name="t")
    assert dict(resolved.toDF().dtypes)["id"] == "bigint"


def test_partitions_are_chosen_before_they_are_read(csv_table, glue_context, rows):
    chosen = glue_context.create_dynamic_frame.from_catalog(
        database=csv_table, table_name="t", push_down_predicate="year > 2023 and year < 2030"
    )
    assert [row["name"] for row in rows(chosen)] == ["C,y"]
    assert dict(chosen.toDF().dtypes)["id"] == "bigint", "the other partition's bad value was not looked at"
    by_server = glue_context.create_dynamic_frame.from_catalog(
        database=csv_table, table_name="t", additional_options={"catalogPartitionPredicate": "year = 2023"}
    )
    assert by_server.count() == 2
    none = glue_context.create_dynamic_frame.from_catalog(
        database=csv_table, table_name="t", push_down_predicate="year = 1"
    )
    assert rows(none) == [] and none.toDF().columns == ["id", "name", "born", "year"]


def test_partitions_anywhere(csv_table, glue, s3, bucket, glue_context, rows):
    storage = glue.get_table(DatabaseName=csv_table, Name="t")["Table"]["StorageDescriptor"]
    s3.put_object(Bucket=bucket, Key="elsewhere/f.csv", Body=b"id,name,born\n9,Zoe,\n")
    glue.create_partition(
        DatabaseName=csv_table,
        TableName="t",
        PartitionInput={"Values": ["2030"], "StorageDescriptor": {**storage, "Location": f"s3://{bucket}/elsewhere/"}},
    )
    frame = glue_context.create_dynamic_frame.from_catalog(database=csv_table, table_name="t")
    assert sorted((row["name"], row["year"]) for row in rows(frame)) == [
        ("Ann", 2023),
        ("Bo", 2023),
        ("C,y", 2024),
        ("Zoe", 2030),
    ]
    spark = glue_context.spark_session
    assert spark.sql(f"select name from {csv_table}.t where year = 2030").collect()[0][0] == "Zoe"


def test_a_table_that_is_not_there(glue_context, database):
    with pytest.raises(Exception, match="EntityNotFoundException"):
        glue_context.create_dynamic_frame.from_catalog(database=database, table_name="nothing")


def test_a_sink_makes_and_grows_its_table(glue_context, records, glue, database, bucket, rows):
    def sink():
        made = glue_context.getSink(
            connection_type="s3",
            path=f"s3://{bucket}/out/",
            enableUpdateCatalog=True,
            updateBehavior="UPDATE_IN_DATABASE",
            partitionKeys=["day"],
        )
        made.setFormat("glueparquet")
        made.setCatalogInfo(catalogDatabase=database, catalogTableName="made")
        return made

    sink().writeFrame(records([{"id": 1, "day": "a"}, {"id": 2, "day": "b"}]))
    table = glue.get_table(DatabaseName=database, Name="made")["Table"]
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["id"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["day"]
    sink().writeFrame(records([{"id": 3, "more": "x", "day": "c"}]))
    table = glue.get_table(DatabaseName=database, Name="made")["Table"]
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["id", "more"]
    values = {
        tuple(part["Values"]) for part in glue.get_partitions(DatabaseName=database, TableName="made")["Partitions"]
    }
    assert values == {("a",), ("b",), ("c",)}
    frame = glue_context.create_dynamic_frame.from_catalog(database=database, table_name="made")
    assert sorted((row["id"], row["more"], row["day"]) for row in rows(frame)) == [
        (1, None, "a"),
        (2, None, "b"),
        (3, "x", "c"),
    ]
    glue_context.write_dynamic_frame.from_catalog(
        frame=records([{"id": 4, "more": "y", "day": "c"}]),
        database=database,
        table_name="made",
        additional_options={"enableUpdateCatalog": True, "partitionKeys": ["day"]},
    )
    assert glue_context.spark_session.table(f"{database}.made").count() == 4


def test_sparks_sql_reads_and_writes_the_catalog(glue_context, glue, database, bucket):
    spark = glue_context.spark_session
    glue.update_database(Name=database, DatabaseInput={"Name": database, "LocationUri": f"s3://{bucket}/house/"})
    frame = spark.createDataFrame([(1, "x"), (2, "y")], "Id int, day string")
    frame.write.partitionBy("day").saveAsTable(f"{database}.saved")
    told = glue.get_table(DatabaseName=database, Name="saved")["Table"]
    assert told["StorageDescriptor"]["Location"] == f"s3://{bucket}/house/saved"
    assert told["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
    assert [column["Name"] for column in told["StorageDescriptor"]["Columns"]] == ["id"]
    spark.createDataFrame([(3, "z")], "Id int, day string").write.insertInto(f"{database}.saved")
    assert len(glue.get_partitions(DatabaseName=database, TableName="saved")["Partitions"]) == 3
    assert spark.sql(f"select sum(id) from {database}.saved where day <> 'y'").collect()[0][0] == 4
    assert spark.table(f"{database}.saved").columns == ["Id", "day"]
    frame.write.mode("overwrite").saveAsTable(f"{database}.saved")
    assert spark.table(f"{database}.saved").count() == 2
    assert glue.get_table(DatabaseName=database, Name="saved")["Table"].get("PartitionKeys", []) == []
    names = {row["tableName"] for row in spark.sql(f"show tables in {database}").collect()}
    assert names == {"saved"}
    spark.sql(f"create table {database}.plain (a int, b string) using json location 's3://{bucket}/plain/'")
    spark.sql(f"insert into {database}.plain values (1, 'one')")
    spark.sql(f"use {database}")
    assert spark.sql("select b from plain").collect()[0][0] == "one"
    spark.sql("drop table saved")
    assert not spark.catalog.tableExists(f"{database}.saved")
    spark.sql("use default")
    with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.table(f"{database}.saved")


def test_a_failed_overwrite_keeps_the_old_table(glue_context, glue, database, bucket):
    spark = glue_context.spark_session
    spark.range(3).write.option("path", f"s3://{bucket}/kept/").saveAsTable(f"{database}.kept")
    from pyspark.sql import functions as F

    with pytest.raises(Exception):
        spark.range(3).select(F.raise_error(F.lit("no")).alias("id")).write.mode("overwrite").option(
            "path", f"s3://{bucket}/kept/"
        ).saveAsTable(f"{database}.kept")
    assert glue.get_table(DatabaseName=database, Name="kept")["Table"]["Name"] == "kept"


def test_a_table_needs_a_place_in_s3(glue_context, database):
    with pytest.raises(Exception, match="LocationUri"):
        glue_context.spark_session.range(3).write.saveAsTable(f"{database}.nowhere")
