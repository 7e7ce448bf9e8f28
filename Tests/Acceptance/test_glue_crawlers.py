"""Crawlers: from files in S3 to tables that Athena queries."""

import bz2
import gzip
import io
import json

import fastavro
import pyarrow as pa
import pyarrow.orc as orc
import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from crawl_house import ACCOUNT, Lake, lake, parquet, refusal

# The crawler itself


def test_a_crawler_is_kept_shown_changed_and_deleted(lake):
    name = lake.create(
        "raw/",
        Description="d",
        TablePrefix="raw_",
        Schedule="cron(0 2 * * ? *)",
        SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
        Tags={"team": "lake"},
        target={"Exclusions": ["**/*.tmp"]},
    )
    crawler = lake.glue.get_crawler(Name=name)["Crawler"]
    assert crawler["State"] == "READY" and crawler["Version"] == 1
    assert crawler["Role"] == lake.role.split("role/")[1]
    assert crawler["Schedule"] == {"ScheduleExpression": "cron(0 2 * * ? *)", "State": "SCHEDULED"}
    assert crawler["Targets"]["S3Targets"][0]["Exclusions"] == ["**/*.tmp"]
    assert crawler["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    assert crawler["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_EVERYTHING"}
    assert name in lake.glue.list_crawlers()["CrawlerNames"]
    assert name in lake.glue.list_crawlers(Tags={"team": "lake"})["CrawlerNames"]
    assert name not in lake.glue.list_crawlers(Tags={"team": "other"})["CrawlerNames"]
    assert name in [c["Name"] for c in lake.glue.get_crawlers()["Crawlers"]]
    found = lake.glue.batch_get_crawlers(CrawlerNames=[name, "nobody"])
    assert [c["Name"] for c in found["Crawlers"]] == [name] and found["CrawlersNotFound"] == ["nobody"]
    arn = f"arn:aws:glue:us-east-1:{ACCOUNT}:crawler/{name}"
    assert lake.glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "lake"}
    lake.glue.update_crawler(Name=name, Description="e")
    crawler = lake.glue.get_crawler(Name=name)["Crawler"]
    assert (crawler["Description"], crawler["Version"], crawler["TablePrefix"]) == ("e", 2, "raw_")
    lake.glue.stop_crawler_schedule(CrawlerName=name)
    assert refusal(lake.glue.stop_crawler_schedule, CrawlerName=name)[0] == "SchedulerNotRunningException"
    lake.glue.start_crawler_schedule(CrawlerName=name)
    assert refusal(lake.glue.start_crawler_schedule, CrawlerName=name)[0] == "SchedulerRunningException"
    lake.glue.update_crawler_schedule(CrawlerName=name, Schedule="cron(15 3 * * ? *)")
    schedule = lake.glue.get_crawler(Name=name)["Crawler"]["Schedule"]
    assert schedule == {"ScheduleExpression": "cron(15 3 * * ? *)", "State": "SCHEDULED"}
    lake.glue.delete_crawler(Name=name)
    assert refusal(lake.glue.get_crawler, Name=name) == (
        "EntityNotFoundException",
        f"Crawler entry with name {name} does not exist",
    )


def test_what_is_refused(lake):
    glue = lake.glue
    good = {
        "Role": lake.role,
        "DatabaseName": lake.database,
        "Targets": {"S3Targets": [{"Path": f"s3://{lake.bucket}/"}]},
    }
    name = lake.create("")
    untrusted = lake.make_role("s3:*", service="firehose.amazonaws.com")
    not_assumed = "Service is unable to assume provided role. Please verify role's TrustPolicy"
    crossing = "Cross-account pass role is not allowed."
    for change, code, message in (
        ({"Name": name}, "AlreadyExistsException", f"Crawler with name {name} already exists"),
        ({"Role": "nobody"}, "InvalidInputException", not_assumed),
        ({"Role": untrusted}, "InvalidInputException", not_assumed),
        ({"Role": "arn:aws:iam::111122223333:role/r"}, "AccessDeniedException", crossing),
        ({"Targets": {}}, "InvalidInputException", None),
        ({"Targets": {"S3Targets": [{"Path": "/data"}]}}, "InvalidInputException", None),
        ({"Schedule": "rate(5 minutes)"}, "InvalidInputException", None),
        ({"Configuration": "{"}, "InvalidInputException", None),
        ({"Classifiers": ["nobody"]}, "EntityNotFoundException", None),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}}, "InvalidInputException", None),
    ):
        found = refusal(glue.create_crawler, **{"Name": "refused", **good, **change})
        assert found[0] == code, (change, found)
        assert message is None or found[1] == message
    assert refusal(glue.get_crawler, Name="refused")[0] == "EntityNotFoundException"
    assert refusal(glue.start_crawler, Name="nobody") == (
        "EntityNotFoundException",
        "Crawler with name nobody does not exist",
    )
    assert refusal(glue.stop_crawler, Name=name)[0] == "CrawlerNotRunningException"
    assert refusal(glue.start_crawler_schedule, CrawlerName=name)[0] == "NoScheduleException"


def test_a_running_crawler_is_stopped_and_cannot_be_started_twice(lake):
    lake.put_slow_files(300)
    name = lake.create("many/")
    lake.glue.start_crawler(Name=name)
    assert refusal(lake.glue.start_crawler, Name=name) == (
        "CrawlerRunningException",
        f"Crawler with name {name} has already started",
    )
    assert refusal(lake.glue.delete_crawler, Name=name)[0] == "CrawlerRunningException"
    assert refusal(lake.glue.update_crawler, Name=name, Description="x")[0] == "CrawlerRunningException"
    lake.glue.stop_crawler(Name=name)
    found = wait_until(lambda: lake.ready(name))
    assert found["LastCrawl"]["Status"] == "CANCELLED"
    lake.crawl(name)
    assert len(lake.partitions("many")) == 300
    crawls = lake.glue.list_crawls(CrawlerName=name)["Crawls"]
    assert [c["State"] for c in crawls] == ["COMPLETED", "STOPPED"]
    assert json.loads(crawls[0]["Summary"]) == {"TABLE": {"ADD": 1}, "PARTITION": {"ADD": 300}}
    [metrics] = lake.glue.get_crawler_metrics(CrawlerNameList=[name])["CrawlerMetricsList"]
    assert metrics["TablesCreated"] == 1 and not metrics["StillEstimating"]


# Formats


def test_formats_are_told_from_content_and_queried(lake):
    lake.put("d/parquet/a.bin", parquet(id=pa.array([1, 2], pa.int64()), price=[1.5, 2.5]))
    sink = io.BytesIO()
    orc.write_table(pa.table({"id": [1, 2, 3], "word": ["a", "b", "c"]}), sink)
    lake.put("d/orcs/data", sink.getvalue())
    lines = "".join(json.dumps({"id": n, "user": {"name": f"u{n}"}, "tags": ["x"]}) + "\n" for n in range(5))
    lake.put("d/events/e.json", lines)
    lake.put("d/zipped/e.json.gz", gzip.compress(b'{"zone":"z","weight":2.5}\n{"zone":"y","weight":1}\n'))
    lake.put("d/packed/e.csv.bz2", bz2.compress(b"city,people\nRome,10\nOslo,20\n"))
    sink = io.BytesIO()
    schema = {"type": "record", "name": "r", "fields": [{"name": "n", "type": "long"}, {"name": "t", "type": "string"}]}
    fastavro.writer(sink, schema, [{"n": 1, "t": "a"}, {"n": 2, "t": "b"}])
    lake.put("d/avros/data", sink.getvalue())
    lake.put("d/header/s.csv", "Order ID,amount,paid\na1,10,true\na2,20.5,false\n")
    lake.put("d/plain/s.csv", "x|1\ny|2\n")
    lake.put("d/quoted/s.csv", 'name,text\n"a","b, c"\n1,"d"\n')
    name = lake.create("d/")
    lake.crawl(name)
    tables = lake.tables()
    found = {t: tables[t]["Parameters"]["classification"] for t in tables}
    assert found == {
        "parquet": "parquet",
        "orcs": "orc",
        "avros": "avro",
        "events": "json",
        "zipped": "json",
        "packed": "csv",
        "header": "csv",
        "plain": "csv",
        "quoted": "csv",
    }
    assert lake.columns("parquet") == [("id", "bigint"), ("price", "double")]
    assert lake.columns("orcs") == [("id", "bigint"), ("word", "string")]
    assert lake.columns("avros") == [("n", "bigint"), ("t", "string")]
    assert tables["avros"]["Parameters"]["recordCount"] == "2"
    assert lake.columns("events") == [("id", "int"), ("user", "struct<name:string>"), ("tags", "array<string>")]
    assert lake.columns("zipped") == [("zone", "string"), ("weight", "double")]
    assert lake.columns("packed") == [("city", "string"), ("people", "bigint")]
    assert lake.columns("header") == [("order id", "string"), ("amount", "double"), ("paid", "boolean")]
    assert lake.columns("plain") == [("col0", "string"), ("col1", "bigint")]
    assert lake.columns("quoted") == [("name", "string"), ("text", "string")]
    parameters = tables["header"]["Parameters"]
    assert parameters["skip.header.line.count"] == "1" and parameters["delimiter"] == ","
    assert parameters["UPDATED_BY_CRAWLER"] == name and parameters["typeOfData"] == "file"
    assert tables["parquet"]["Parameters"]["recordCount"] == "2"
    assert tables["parquet"]["Parameters"]["objectCount"] == "1"
    assert tables["zipped"]["Parameters"]["compressionType"] == "gzip"
    assert lake.rows("SELECT sum(price) FROM parquet") == [["4.0"]]
    assert lake.rows("SELECT word FROM orcs ORDER BY id") == [["a"], ["b"], ["c"]]
    assert lake.rows("SELECT sum(n) FROM avros") == [["3"]]
    assert lake.rows('SELECT "user".name, tags[1] FROM events WHERE id = 3') == [["u3", "x"]]
    assert lake.rows("SELECT sum(weight) FROM zipped") == [["3.5"]]
    assert lake.rows("SELECT sum(people) FROM packed") == [["30"]]
    assert lake.rows("SELECT sum(amount) FROM header WHERE paid OR NOT paid") == [["30.5"]]
    assert lake.rows("SELECT sum(col1) FROM plain") == [["3"]]
    assert lake.rows("SELECT text FROM quoted WHERE name = 'a'") == [["b, c"]]


def test_logs_are_known_and_queried(lake):
    combined = '10.0.0.{0} - - [22/Nov/2026:06:00:0{0} +0000] "GET /a HTTP/1.1" 200 1{0} "http://x/" "curl/8"\n'
    lake.put("l/web/a.log", "".join(combined.format(n) for n in range(1, 5)))
    lake.put("l/plain/a.log", 'h - bob [22/Nov/2026:06:00:00 +0000] "GET /b HTTP/1.1" 304 -\n')
    lake.put("l/boot/a.log", "Nov 22 06:00:00 host kernel: [   12.5] eth0: up\n")
    fields = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status"
    iis = "2026-11-22 06:00:00 10.0.0.5 GET /i.html a=1 80 - 10.0.0.1 Mozilla/5.0 - 200 0 0 15\n"
    lake.put("l/iis/u.log", f"#Software: Microsoft Internet Information Services 10.0\n#Fields: {fields}\n{iis}")
    lake.put("l/rails/a.log.gz", gzip.compress(b"I, [2026-11-22T06:00:00.123456 #12]  INFO -- app: done: 1\n"))
    lake.put("l/proxy/a.log", "1763791200.123 45 10.0.0.1 TCP_MISS/200 99 GET http://x/a - HIER_DIRECT/10.0.0.2 text/html\n")
    lake.put("l/monitor/a.log", '1763791200.5 [0 127.0.0.1:5000] "SET" "a" "1"\n')
    lake.put("l/redis/a.log", "4018:M 22 Nov 2026 06:00:00.119 * Background saving terminated\n")
    lake.crawl(lake.create("l/"))
    tables = lake.tables()
    assert {name: table["Parameters"]["classification"] for name, table in tables.items()} == {
        "web": "combined_apache",
        "plain": "apache",
        "boot": "linux_kernel",
        "iis": "microsoft_log",
        "rails": "ruby_logger",
        "proxy": "squid",
        "monitor": "redismonlog",
        "redis": "redislog",
    }
    serde = tables["web"]["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "com.amazonaws.glue.serde.GrokSerDe"
    assert serde["Parameters"]["input.format"] == "%{COMBINEDAPACHELOG}"
    assert lake.rows("SELECT sum(CAST(bytes AS integer)), max(clientip) FROM web") == [["50", "10.0.0.4"]]
    assert lake.rows("SELECT auth, response FROM plain") == [["bob", "304"]]
    assert lake.rows("SELECT uptime, message FROM boot") == [["12.5", "eth0: up"]]
    assert lake.rows("SELECT sc_status, time_taken FROM iis WHERE cs_method = 'GET'") == [["200", "15"]]
    assert lake.rows("SELECT pid, loglevel, progname, message FROM rails") == [["12", "INFO", "app", "done: 1"]]
    assert lake.rows("SELECT status_code, bytes, server FROM proxy") == [["200", "99", "10.0.0.2"]]
    assert lake.rows("SELECT command, params FROM monitor") == [["SET", '"a" "1"']]
    assert lake.rows("SELECT pid, role, message FROM redis") == [["4018", "M", "Background saving terminated"]]


def test_types_of_several_files_become_one(lake):
    lake.put("t/a.json", '{"n": 1, "w": 1, "s": {"a": 1}}\n')
    lake.put("t/b.json", '{"n": 2.5, "w": "x", "s": {"b": "y"}}\n')
    lake.crawl(lake.create("t/"))
    assert lake.columns("t") == [("n", "double"), ("w", "string"), ("s", "struct<a:int,b:string>")]


# Folders


def test_folders_become_partitions(lake):
    for day in ("01", "02"):
        for hour in ("00", "13"):
            lake.put(f"events/year=2026/day={day}/{hour}/e.json", json.dumps({"id": int(day)}) + "\n")
    lake.put("events/year=2026/day=01/00/skip.tmp", "junk")
    lake.put("events/_SUCCESS", "x")
    lake.crawl(lake.create("events/", target={"Exclusions": ["**/*.tmp"]}))
    table = lake.table("events")
    assert [(k["Name"], k["Type"]) for k in table["PartitionKeys"]] == [
        ("year", "string"),
        ("day", "string"),
        ("partition_2", "string"),
    ]
    assert lake.partitions("events") == [
        ["2026", "01", "00"],
        ["2026", "01", "13"],
        ["2026", "02", "00"],
        ["2026", "02", "13"],
    ]
    assert lake.rows("SELECT sum(id) FROM events WHERE day = '02' AND partition_2 = '13'") == [["2"]]


def test_different_folders_become_tables(lake):
    lake.put("raw/users/u.json", '{"user": "a", "age": 1}\n')
    lake.put("raw/orders/dt=1/o.csv", "id,total\n1,2\n")
    lake.put("raw/orders/dt=2/o.csv", "id,total\n3,4\n")
    lake.crawl(lake.create("raw/", TablePrefix="raw_"))
    assert set(lake.tables()) == {"raw_users", "raw_orders"}
    assert lake.partitions("raw_orders") == [["1"], ["2"]]
    assert lake.rows("SELECT sum(total) FROM raw_orders WHERE dt > '1'") == [["4"]]


@pytest.mark.parametrize(
    "configuration, tables",
    [
        (None, {"one", "two"}),
        ({"Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"}}, {"g"}),
        ({"Grouping": {"TableLevelConfiguration": 2}}, {"g"}),
        ({"Grouping": {"TableLevelConfiguration": 3}}, {"one", "two"}),
    ],
)
def test_grouping_is_configured(lake, configuration, tables):
    lake.put("g/one/a.json", '{"a": 1, "b": 2}\n')
    lake.put("g/two/a.json", '{"c": 1, "d": 2}\n')
    arguments = {"Configuration": json.dumps({"Version": 1.0, **configuration})} if configuration else {}
    lake.crawl(lake.create("g/", **arguments))
    assert set(lake.tables()) == tables


# Changes


def test_a_second_crawl_brings_the_catalog_in_line(lake):
    lake.put("c/dt=1/a.json", '{"a": 1, "b": 2, "c": 3}\n')
    lake.put("c/dt=2/a.json", '{"a": 1, "b": 2, "c": 3}\n')
    policy = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DELETE_FROM_DATABASE"}
    name = lake.create("c/", SchemaChangePolicy=policy)
    lake.crawl(name)
    version = lake.table("c")["VersionId"]
    lake.crawl(name)
    assert lake.table("c")["VersionId"] == version
    lake.put("c/dt=3/a.json", '{"a": 1.5, "b": 2, "c": 3, "d": "x"}\n')
    lake.s3.delete_object(Bucket=lake.bucket, Key="c/dt=1/a.json")

    plan = lake.tool("crawl-plan", crawler=name)
    assert plan.status_code == 200, plan.text
    [table] = plan.json()["tables"]
    assert table["action"] == "UPDATE"
    assert table["columns"]["added"] == [{"name": "d", "type": "string"}]
    assert table["columns"]["changed"] == [{"name": "a", "from": "int", "to": "double"}]
    assert table["partitions"]["added"]["values"] == [["3"]]
    assert table["partitions"]["removed"]["values"] == [["1"]]
    assert table["partitions"]["removedAction"] == "DELETE"
    assert lake.table("c")["VersionId"] == version and lake.partitions("c") == [["1"], ["2"]]

    lake.crawl(name)
    assert lake.partitions("c") == [["2"], ["3"]]
    assert lake.columns("c") == [("a", "double"), ("b", "int"), ("c", "int"), ("d", "string")]
    assert lake.rows("SELECT sum(a) FROM c") == [["2.5"]]

    undone = lake.tool("restore-table", database=lake.database, table="c", version=version)
    assert undone.status_code == 200, undone.text
    assert lake.columns("c") == [("a", "int"), ("b", "int"), ("c", "int")]
    missing = lake.tool("restore-table", database=lake.database, table="c", version="999")
    assert missing.status_code == 400 and missing.json()["__type"] == "EntityNotFoundException"


@pytest.mark.parametrize("behavior", ["LOG", "DEPRECATE_IN_DATABASE", "DELETE_FROM_DATABASE"])
def test_tables_whose_files_are_gone(lake, behavior):
    lake.put("g/one/a.json", '{"a": 1, "b": 2}\n')
    lake.put("g/two/a.json", '{"c": 1, "d": 2}\n')
    policy = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": behavior}
    name = lake.create("g/", SchemaChangePolicy=policy)
    lake.crawl(name)
    lake.s3.delete_object(Bucket=lake.bucket, Key="g/two/a.json")
    lake.crawl(name)
    tables = lake.tables()
    assert ("two" in tables) == (behavior != "DELETE_FROM_DATABASE")
    if "two" in tables:
        deprecated = "DEPRECATED_BY_CRAWLER" in tables["two"]["Parameters"]
        assert deprecated == (behavior == "DEPRECATE_IN_DATABASE")


def test_logged_changes_change_nothing(lake):
    lake.put("l/a.json", '{"a": 1, "b": 1}\n')
    name = lake.create("l/", SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"})
    lake.crawl(name)
    lake.put("l/b.json", '{"a": 1, "b": 1, "c": 1}\n')
    lake.crawl(name)
    assert lake.columns("l") == [("a", "int"), ("b", "int")]


def test_new_folders_alone(lake):
    lake.put("n/sales/dt=1/a.json", '{"a": 1, "b": 1}\n')
    name = lake.create(
        "n/",
        RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
        SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
    )
    lake.crawl(name)
    lake.put("n/sales/dt=2/a.json", '{"a": 1, "b": 1}\n')
    lake.crawl(name)
    assert set(lake.tables()) == {"sales"} and lake.partitions("sales") == [["1"], ["2"]]


def test_a_table_of_the_catalog_is_a_target(lake):
    lake.put("hand/dt=1/a.json", '{"a": 1, "b": 1}\n')
    first = lake.create("hand/")
    lake.crawl(first)
    lake.put("hand/dt=2/a.json", '{"a": 1, "b": 1, "c": 2}\n')
    target = {"CatalogTargets": [{"DatabaseName": lake.database, "Tables": ["hand"]}]}
    second = lake.create(Targets=target, SchemaChangePolicy={"DeleteBehavior": "LOG"})
    lake.crawl(second)
    assert lake.columns("hand")[-1] == ("c", "int") and lake.partitions("hand") == [["1"], ["2"]]


def test_a_schedule_starts_the_crawler(lake):
    """The shortest schedule is every minute."""
    lake.put("s/a.json", '{"a": 1, "b": 1}\n')
    name = lake.create("s/", Schedule="cron(* * * * ? *)")
    crawler = wait_until(lambda: lake.ready_after_a_crawl(name), seconds=100, every=0.5)
    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED"
    lake.glue.stop_crawler_schedule(CrawlerName=name)
    assert set(lake.tables()) == {"s"}


# Rights


def test_the_roles_rights_count(lake):
    lake.put("r/a.json", '{"a": 1, "b": 1}\n')
    name = lake.create("r/", Role=lake.make_role("glue:*", "s3:ListBucket"))
    found = lake.crawl(name, status="FAILED")
    assert "s3:GetObject" in found["LastCrawl"]["ErrorMessage"]
    reader = lake.make_role("s3:*", "glue:GetDatabase", "glue:GetTable", "glue:GetTables")
    name = lake.create("r/", Role=reader)
    found = lake.crawl(name, status="FAILED")
    assert "glue:CreateDatabase" in found["LastCrawl"]["ErrorMessage"]


# Classifiers


def test_classifiers_are_kept_and_used(lake):
    csv = lake.unique("pipes")
    lake.glue.create_classifier(
        CsvClassifier={"Name": csv, "Delimiter": "^", "Header": ["word", "count"], "ContainsHeader": "ABSENT"}
    )
    path = lake.unique("inner")
    lake.glue.create_classifier(JsonClassifier={"Name": path, "JsonPath": "$.records[*]"})
    grok = lake.unique("log")
    lake.glue.create_classifier(
        GrokClassifier={
            "Name": grok,
            "Classification": "applog",
            "GrokPattern": "%{LOGLEVEL:level} %{INT:code:int} %{GREEDYDATA:message}",
        }
    )
    assert refusal(lake.glue.create_classifier, JsonClassifier={"Name": path, "JsonPath": "$"})[0] == (
        "AlreadyExistsException"
    )
    assert refusal(lake.glue.create_classifier, JsonClassifier={"Name": "x", "JsonPath": "records"})[0] == (
        "InvalidInputException"
    )
    names = [list(c.values())[0]["Name"] for c in lake.glue.get_classifiers()["Classifiers"]]
    assert {csv, path, grok} <= set(names)
    lake.put("k/words/w.txt", "a^1\nb^2\n")
    lake.put("k/logs/app.log", "WARN 12 it was\nINFO 3 it is\n")
    lake.put("k/docs/d.json", '{"records": [{"x": 1}, {"x": 2, "y": "z"}]}')
    lake.crawl(lake.create("k/", Classifiers=[csv, path, grok]))
    assert lake.columns("words") == [("word", "string"), ("count", "bigint")]
    assert lake.rows("SELECT sum(count) FROM words") == [["3"]]
    assert lake.columns("docs") == [("x", "int"), ("y", "string")]
    assert lake.columns("logs") == [("level", "string"), ("code", "int"), ("message", "string")]
    assert lake.table("logs")["Parameters"]["classification"] == "applog"
    assert lake.rows("SELECT message FROM logs WHERE code > 3") == [["it was"]]
    lake.glue.update_classifier(JsonClassifier={"Name": path, "JsonPath": "$.items[*]"})
    shown = lake.glue.get_classifier(Name=path)["Classifier"]["JsonClassifier"]
    assert (shown["JsonPath"], shown["Version"]) == ("$.items[*]", 2)
    lake.glue.delete_classifier(Name=path)
    assert refusal(lake.glue.get_classifier, Name=path)[0] == "EntityNotFoundException"


def test_a_crawl_is_told_in_its_log(tarn, unique):
    lake, logs = Lake(tarn, unique), tarn.client("logs")
    role = lake.make_role("s3:*", "glue:*", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    lake.put("t/a.json", '{"a": 1}')
    name = lake.create("t/", Role=role)
    last = lake.crawl(name)["LastCrawl"]
    assert (last["LogGroup"], last["LogStream"]) == ("/aws-glue/crawlers", name)

    def lines():
        try:
            events = logs.filter_log_events(logGroupName=last["LogGroup"], logStreamNames=[name])["events"]
        except ClientError:
            return None
        found = [event["message"] for event in events]
        return found if found and "READY" in found[-1] else None

    found = wait_until(lines, seconds=20)
    assert all(line.startswith(f"[{last['MessagePrefix']}] ") for line in found)
    assert any(f"Created table t in database {lake.database}" in line for line in found)
