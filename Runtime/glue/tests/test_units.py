"""What needs neither Spark nor a server."""

import pytest
from awsglue import gluetypes as G
from awsglue.utils import GlueArgumentError, getResolvedOptions
from tarn_glue import columns, gateway, outcome, records, sparkconf, types
from tarn_glue.run import Run


def test_arguments():
    given = ["s.py", "--JOB_NAME", "j", "--a-b", "1", "--other", "x", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://t"]
    found = getResolvedOptions(given, ["JOB_NAME", "a-b"])
    assert found["JOB_NAME"] == "j" and found["a_b"] == "1" and "other" not in found
    assert found["job_bookmark_option"] == "job-bookmark-disable" and found["JOB_RUN_ID"] == "jr_1"
    assert found["TempDir"] == found["RedshiftTempDir"] == "s3://t" and found["job_bookmark_from"] is None
    assert getResolvedOptions(["s.py", "--x=1"], ["x"])["x"] == "1"


def test_arguments_that_are_missing_or_reserved():
    with pytest.raises(GlueArgumentError, match="the following arguments are required: --day"):
        getResolvedOptions(["s.py"], ["day"])
    with pytest.raises(GlueArgumentError, match="invalid choice"):
        getResolvedOptions(["s.py", "--job-bookmark-option", "on"], [])
    for name in ("JOB_RUN_ID", "job-bookmark-option", "job_bookmark_from"):
        with pytest.raises(RuntimeError, match="reserved"):
            getResolvedOptions(["s.py"], [name])


@pytest.mark.parametrize(
    "text,kind",
    [
        ("int", G.IntegerType()),
        ("bigint", G.LongType()),
        ("decimal", G.DecimalType(10, 2)),
        ("decimal(5)", G.DecimalType(5, 0)),
        ("varchar(10)", G.StringType()),
        ("map<string,array<int>>", G.MapType(G.StringType(), G.ArrayType(G.IntegerType()))),
        (
            "struct<a:int,b:struct<c:date>>",
            G.StructType([G.Field("a", G.IntegerType()), G.Field("b", G.StructType([G.Field("c", G.DateType())]))]),
        ),
    ],
)
def test_types_are_read(text, kind):
    assert types.parse(text) == kind
    assert G.deserialize(kind.jsonValue()) == kind


@pytest.mark.parametrize("text", ["", "integre", "decimal(40,2)", "decimal(2,4)", "array<int", "map<int>", "int x"])
def test_what_is_no_type(text):
    with pytest.raises(ValueError):
        types.parse(text)


def test_types_merge():
    scan = records.scan([{"a": 1}, {"a": None, "b": [1, "x"]}, {"a": 2**40, "b": None}, {"a": 1.5, "c": {"d": True}}])
    assert G.tree_string(scan) == (
        "root\n|-- a: choice\n|    |-- double\n|    |-- int\n|    |-- long\n"
        "|-- b: array\n|    |-- element: choice\n|    |    |-- int\n|    |    |-- string\n"
        "|-- c: struct\n|    |-- d: boolean\n"
    )
    value = {"a": 7, "b": ["y"], "c": None}
    assert records.from_spark(records.to_spark(value, scan), scan) == value


def test_a_form_that_was_seen_may_still_widen():
    assert (
        types.to_spark(records.scan([{"n": 2**40}, {"n": 1}])).simpleString() == "struct<n:struct<int:int,long:bigint>>"
    )
    assert types.to_spark(records.scan([{"n": 1}, {"n": 2**70}])).simpleString() == (
        "struct<n:struct<decimal:decimal(38,0),int:int>>"
    )


def test_paths():
    assert columns.path_of("a.b[].c") == ("a", "b", "[]", "c")
    assert columns.path_of("`a.b`.c") == ("a.b", "c")


def test_conf_argument():
    assert sparkconf.job_conf("a=b --conf c=d=e --conf  f=") == {"a": "b", "c": "d=e", "f": ""}
    assert sparkconf.job_conf(None) == {}


def test_properties_are_escaped():
    assert gateway._escaped("a b=c:\\é😀") == "a\\ b\\=c\\:\\\\\\u00e9\\ud83d\\ude00"


def test_settings_of_a_run(tmp_path):
    run = Run.read(_description(tmp_path, {"--enable-glue-datacatalog": "true", "--conf": "spark.x=1"}), tmp_path)
    found = sparkconf.properties(run, {"AWS_ENDPOINT_URL": "http://h:1", "TARN_GLUE_CONTROL": "http://c"})
    assert found["spark.x"] == "1" and found["spark.sql.extensions"] == sparkconf.CATALOG_EXTENSION
    assert found["spark.hadoop.fs.s3a.endpoint"] == "http://h:1"
    assert found["spark.sql.sources.commitProtocolClass"] == sparkconf.COMMIT_PROTOCOL
    assert not [name for name in found if "secret" in name]
    assert "spark.sql.sources.commitProtocolClass" not in sparkconf.properties(run, {})


def test_a_cluster_gets_the_sessions_credentials(tmp_path):
    run = Run.read(_description(tmp_path, {}, sparkMaster="spark://m:7077"), tmp_path)
    found = sparkconf.properties(
        run, {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"}
    )
    assert found["spark.hadoop.fs.s3a.session.token"] == "c"
    assert found["spark.hadoop.fs.s3a.aws.credentials.provider"] == sparkconf.SESSION_CREDENTIALS


def _description(folder, arguments, **more):
    import json

    path = folder / "run.json"
    path.write_text(json.dumps({"jobName": "j", "runId": "jr_1", "script": "s3://b/k", "arguments": arguments, **more}))
    return path


def test_outcomes():
    def ended(error, spark=True):
        return outcome.of(error, "/script.py", spark)

    assert ended(None) == ended(SystemExit(0)) == ended(SystemExit()) == {"state": "SUCCEEDED"}
    assert ended(SystemExit(2))["error"] == "Error Category: SYSTEM_EXIT_ERROR; SystemExit: 2"
    assert ended(ModuleNotFoundError("No module named 'x'"))["category"] == "IMPORT_ERROR"
    assert ended(RuntimeError("AccessDenied: no"))["category"] == "PERMISSION_ERROR"
    assert ended(KeyError("a"), spark=False)["error"] == "KeyError: 'a'"
    try:
        exec(compile("\n\nraise ValueError('line\\n one')", "/script.py", "exec"))
    except ValueError as error:
        assert ended(error)["error"] == (
            "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 3; ValueError: line one"
        )
