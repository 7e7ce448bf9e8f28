"""Files of all formats, read and written."""

import gzip

import pytest
from tarn_glue.formats import UnsupportedFormat
from tarn_glue.objects import glob_expression


def read(context, bucket, form, format_options=None, prefix="in/", **options):
    return context.create_dynamic_frame.from_options(
        "s3", {"paths": [f"s3://{bucket}/{prefix}"], **options}, form, format_options
    )


def put(s3, bucket, **files):
    for name, text in files.items():
        key = "in/" + name.replace("__", "/").replace("_dot_", ".")
        s3.put_object(Bucket=bucket, Key=key, Body=text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("form", ["parquet", "orc", "json", "csv", "avro"])
def test_what_is_written_is_read(form, glue_context, records, rows, bucket, keys):
    frame = records([{"id": 1, "name": 'a,"b"'}, {"id": 2, "name": None}])
    glue_context.write_dynamic_frame.from_options(
        frame, "s3", {"path": f"s3://{bucket}/in/"}, form, {} if form != "csv" else {"separator": "|"}
    )
    assert all(form in key for key in keys(bucket, "in/")), "files only, no marks"
    again = read(glue_context, bucket, form, {"withHeader": True, "separator": "|"} if form == "csv" else None)
    expected = [("1", 'a,"b"'), ("2", "" if form == "csv" else None)]
    assert sorted((str(row["id"]), row["name"]) for row in rows(again)) == expected


def test_json_lines_documents_and_arrays(glue_context, s3, bucket, rows):
    put(s3, bucket, a_dot_json='{"n": 1}\n\n{"n": 2}{"n": 3}\n', b_dot_json='[{"n": 4}, {"n": 5}]\n')
    s3.put_object(Bucket=bucket, Key="in/c.json.gz", Body=gzip.compress(b'{"n": 6}'))
    assert sorted(row["n"] for row in rows(read(glue_context, bucket, "json"))) == [1, 2, 3, 4, 5, 6]
    put(s3, bucket, d__pretty_dot_json='{\n "items": [\n  {"n": 7},\n  {"n": 8}\n ]\n}\n')
    nested = read(glue_context, bucket, "json", {"multiLine": True, "jsonPath": "$.items[*]"}, prefix="in/d/")
    assert sorted(row["n"] for row in rows(nested)) == [7, 8]


def test_json_that_is_none_is_an_error_record(glue_context, s3, bucket, rows):
    put(s3, bucket, a_dot_json='{"n": 1}\n{"n": \n7\n{"N": 2}')
    frame = read(glue_context, bucket, "json")
    assert len(rows(frame)) == 2 and frame.errorsCount() == 2
    assert frame.toDF().columns == ["n", "N"]


def test_csv_with_and_without_header(glue_context, s3, bucket, rows):
    put(s3, bucket, a_dot_csv="id;name\n1;'x;y'\n2;\n")
    options = {"separator": ";", "quoteChar": "'"}
    assert rows(read(glue_context, bucket, "csv", {**options, "withHeader": True})) == [
        {"id": "1", "name": "x;y"},
        {"id": "2", "name": ""},
    ]
    assert rows(read(glue_context, bucket, "csv", options))[0] == {"col0": "id", "col1": "name"}


def test_avro_keeps_every_type(glue_context, bucket):
    spark = glue_context.spark_session
    full = spark.sql("""
        select true flag, tinyint(-1) tiny, smallint(300) small, int(-70000) n, bigint(5000000000) big, float(1.5) f,
         -2.25D d, 'ü\\u2713' text, X'00ff' raw, cast(-12345678901234567.125 as decimal(20,3)) price,
         date'1969-12-31' day, timestamp'1969-12-31 23:59:59.123456' at, timestamp_ntz'2026-01-02 03:04:05.000001' plain,
         array('a', null) tags, map('x', 1L, 'y', null) counts, named_struct('a', 1, 'b', array(named_struct('c', 'd'))) inner
    """)
    empty = spark.createDataFrame([tuple([None] * 16)], full.schema.simpleString())
    for codec in ("snappy", "deflate", "uncompressed"):
        path = f"s3://{bucket}/{codec}/"
        whole = full.unionByName(empty)
        whole.coalesce(1).write.option("compression", codec).format("avro").save(path)
        again = spark.read.format("avro").load(path)
        # Avro's smallest whole number has 32 bits.
        kinds = {"tinyint": "int", "smallint": "int"}
        assert [kind for _, kind in again.dtypes] == [kinds.get(kind, kind) for _, kind in whole.dtypes]
        assert again.collect() == whole.collect()
        assert again.filter("n is null").select("text").collect() == [(None,)]
    with pytest.raises(Exception, match="Avro has no type for pairs"):
        spark.sql("select map(1, 2) pairs").write.format("avro").save(f"s3://{bucket}/none/")


def test_avro_files_that_differ(glue_context, bucket, rows):
    spark = glue_context.spark_session
    spark.sql("select 1 n, 'a' name").write.format("avro").save(f"s3://{bucket}/in/1/")
    spark.sql("select 5000000000 n, 2.5D more").write.format("avro").save(f"s3://{bucket}/in/2/")
    spark.range(100_000).selectExpr("id n").coalesce(1).write.format("avro").save(f"s3://{bucket}/in/3/")
    frame = read(glue_context, bucket, "avro", recurse=True)
    found = frame.toDF()
    assert sorted(found.dtypes) == [("more", "double"), ("n", "bigint"), ("name", "string")]
    assert found.count() == 100_002 and found.selectExpr("sum(n)").first()[0] == 4_999_950_000 + 5_000_000_001
    spark.sql("select 'x' n").write.format("avro").save(f"s3://{bucket}/in/4/")
    kinds = read(glue_context, bucket, "avro", recurse=True).schema().field_map["n"].dataType
    assert kinds.typeName() == "choice"


def test_parquet_files_that_differ_make_choices(glue_context, bucket, rows):
    spark = glue_context.spark_session
    spark.range(1).selectExpr("cast(id as int) v").write.parquet(f"s3://{bucket}/in/a")
    spark.range(1).selectExpr("'x' as v", "1 as w").write.parquet(f"s3://{bucket}/in/b")
    frame = read(glue_context, bucket, "parquet", recurse=True)
    assert dict(frame.toDF().dtypes) == {"v": "struct<int:int,string:string>", "w": "int"}
    assert sorted(str(row["v"]) for row in rows(frame)) == ["0", "x"]


def test_folders_exclusions_and_hidden_objects(glue_context, s3, bucket, rows):
    put(s3, bucket, a_dot_json='{"n": 1}', sub__b_dot_json='{"n": 2}', sub__c_dot_tmp='{"n": 3}')
    s3.put_object(Bucket=bucket, Key="in/_temporary-x/d.json", Body=b'{"n": 4}')
    s3.put_object(Bucket=bucket, Key="in/empty/", Body=b"")
    assert [row["n"] for row in rows(read(glue_context, bucket, "json"))] == [1]
    assert sorted(row["n"] for row in rows(read(glue_context, bucket, "json", recurse=True))) == [1, 2, 3]
    chosen = read(glue_context, bucket, "json", recurse=True, exclusions='["**.tmp"]')
    assert sorted(row["n"] for row in rows(chosen)) == [1, 2]
    assert rows(read(glue_context, bucket, "json", prefix="nothing/")) == []


def test_keys_with_signs_and_paths_with_globs(glue_context, s3, bucket, rows):
    for number, key in enumerate(["in/x=[1]/a{b}.json", "in/y*/c%20d.json", "in/z/e.json"]):
        s3.put_object(Bucket=bucket, Key=key, Body=b'{"n": %d}' % number)
    assert sorted(row["n"] for row in rows(read(glue_context, bucket, "json", recurse=True))) == [0, 1, 2]
    assert sorted(row["n"] for row in rows(read(glue_context, bucket, "json", prefix="in/[xz]*/"))) == [0, 2]
    assert [row["n"] for row in rows(read(glue_context, bucket, "json", prefix="in/y*/c%20d.json"))] == [1]


def test_columns_that_no_record_has_a_value_for(glue_context, records, bucket, keys):
    glue_context.write_dynamic_frame.from_options(
        records([{"a": None}]), "s3", {"path": f"s3://{bucket}/none/"}, "parquet"
    )
    assert keys(bucket) == []
    glue_context.write_dynamic_frame.from_options(
        records([{"a": None, "b": 1}]), "s3", {"path": f"s3://{bucket}/in/"}, "parquet"
    )
    assert read(glue_context, bucket, "parquet").toDF().columns == ["b"]


def test_globs():
    def takes(pattern, name):
        return glob_expression(pattern).fullmatch(name) is not None

    assert takes("**.tmp", "a/b.tmp") and takes("*.csv", "a.csv") and not takes("*.csv", "a/b.csv")
    assert takes("a?[!x]{b,c}", "a1yc") and not takes("a?[!x]{b,c}", "a1xc") and takes(r"\*", "*")


def test_formats_and_connections_that_are_not_there(glue_context, records, bucket):
    with pytest.raises(UnsupportedFormat, match="ion"):
        glue_context.create_dynamic_frame.from_options("s3", {"paths": [f"s3://{bucket}/"]}, "ion").toDF() if _put(
            bucket
        ) else None
    with pytest.raises(NotImplementedError, match="dynamodb"):
        glue_context.create_dynamic_frame.from_options("dynamodb", {}).toDF()
    with pytest.raises(UnsupportedFormat):
        glue_context.write_dynamic_frame.from_options(records([{"a": 1}]), "s3", {"path": f"s3://{bucket}/x/"}, "ion")
    with pytest.raises(ValueError, match="Partition column"):
        glue_context.write_dynamic_frame.from_options(
            records([{"a": 1}]), "s3", {"path": f"s3://{bucket}/x/", "partitionKeys": ["b"]}, "json"
        )


def _put(bucket):
    import boto3

    boto3.client("s3").put_object(Bucket=bucket, Key="log.txt", Body=b"x")
    return True


def test_purging_keeps_what_is_young(glue_context, s3, bucket, keys):
    put(s3, bucket, a_dot_json="{}", b_dot_json="{}")
    glue_context.purge_s3_path(f"s3://{bucket}/in", {"retentionPeriod": 1})
    assert len(keys(bucket, "in/")) == 2
    glue_context.purge_s3_path(f"s3://{bucket}/in", {"retentionPeriod": 0})
    assert keys(bucket, "in/") == []


ACCESS = (
    "%{IPORHOST:client} %{USER:ident} %{USER:auth} \\[%{HTTPDATE:at}\\] "
    '"%{WORD:verb} %{URIPATHPARAM:request} HTTP/%{NUMBER:version}" %{INT:status:int} %{SIZE:bytes:long}'
)


def test_log_lines_by_a_grok_pattern(glue_context, s3, bucket, rows):
    put(
        s3,
        bucket,
        a_dot_log='203.0.113.9 - ann [10/Oct/2025:13:55:36 +0000] "GET /a/b.html?x=1&y=%20 HTTP/1.1" 200 5000000000\n'
        '\n2001:db8::1 - - [10/Oct/2025:13:55:37 +0000] "POST / HTTP/2" 404 -\nnonsense\n',
    )
    frame = read(glue_context, bucket, "grokLog", {"logFormat": ACCESS, "customPatterns": "SIZE (?:%{INT}|-)"})
    kinds = {field.name: field.dataType.typeName() for field in frame.schema()}
    assert list(kinds.items())[-3:] == [("version", "string"), ("status", "int"), ("bytes", "long")]
    first, second = sorted(rows(frame), key=lambda row: row["status"])
    assert (first["client"], first["ident"], first["auth"]) == ("203.0.113.9", None, "ann")
    assert (first["at"], first["request"], first["bytes"]) == (
        "10/Oct/2025:13:55:36 +0000", "/a/b.html?x=1&y=%20", 5_000_000_000)
    assert (second["client"], second["auth"], second["bytes"]) == ("2001:db8::1", None, None)
    assert frame.errorsCount() == 1
    with pytest.raises(ValueError, match="no grok pattern NOWHERE"):
        read(glue_context, bucket, "grokLog", {"logFormat": "%{NOWHERE:x}"})
    with pytest.raises(ValueError, match="logFormat"):
        read(glue_context, bucket, "grokLog")


def test_a_table_of_log_lines(glue_context, glue, s3, bucket, database, rows):
    put(s3, bucket, a_dot_log="7 ok\nx\n8 bad\n")
    glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": "lines",
            "Parameters": {"classification": "own-lines"},
            "StorageDescriptor": {
                "Location": f"s3://{bucket}/in/",
                "Columns": [{"Name": "n", "Type": "int"}, {"Name": "word", "Type": "string"}],
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                "SerdeInfo": {
                    "SerializationLibrary": "com.amazonaws.glue.serde.GrokSerDe",
                    "Parameters": {
                        "input.format": "%{DIGITS:n} %{WORD:word}",
                        "input.grokCustomPatterns": "DIGITS [0-9]+",
                    },
                },
            },
        },
    )
    frame = glue_context.create_dynamic_frame.from_catalog(database, "lines")
    assert sorted((row["n"], row["word"]) for row in rows(frame)) == [(7, "ok"), (8, "bad")]
    assert frame.errorsCount() == 1
