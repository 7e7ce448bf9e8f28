"""Crawlers whose server is killed: no state is lost, and nothing is half there."""

import random
import time

import pytest

from conftest import SLOW, wait_until
from crawl_house import Lake

POLICY = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DELETE_FROM_DATABASE"}


def whole(lake):
    """Every table that is there can be read, and every partition has its place and its columns."""
    for name, table in lake.tables().items():
        columns = table["StorageDescriptor"]["Columns"]
        assert columns and table["Parameters"]["classification"] == "json"
        for partition in lake.all_partitions(name):
            storage = partition["StorageDescriptor"]
            assert storage["Columns"] == columns
            assert storage["Location"] == f"s3://{lake.bucket}/{name}/day={partition['Values'][0]}/"


def test_kill_while_files_are_looked_into(fresh_tarn, unique):
    """The catalog is as before, the crawl has failed, and the next one finishes."""
    server = fresh_tarn()
    lake = Lake(server, unique)
    lake.put("many/day=zzz/f", '{"c0": 1}')
    name = lake.create("", Schedule="cron(* * * * ? *)", SchemaChangePolicy=POLICY)
    lake.glue.stop_crawler_schedule(CrawlerName=name)
    lake.crawl(name)
    before = lake.tables()
    lake.s3.delete_object(Bucket=lake.bucket, Key="many/day=zzz/f")
    lake.put_slow_files(400)
    lake.glue.start_crawler(Name=name)
    assert lake.glue.get_crawler(Name=name)["Crawler"]["State"] == "RUNNING"
    server.kill()

    lake.again(fresh_tarn())
    crawler = lake.glue.get_crawler(Name=name)["Crawler"]
    assert crawler["State"] == "READY" and crawler["LastCrawl"]["Status"] == "FAILED"
    assert crawler["LastCrawl"]["ErrorMessage"]
    crawls = lake.glue.list_crawls(CrawlerName=name)["Crawls"]
    assert [c["State"] for c in crawls] == ["FAILED", "COMPLETED"] and crawls[0]["EndTime"] > crawls[0]["StartTime"]
    assert lake.tables() == before
    assert crawler["Schedule"] == {"ScheduleExpression": "cron(* * * * ? *)", "State": "NOT_SCHEDULED"}

    # The schedule lives: it starts the crawl that finishes.
    lake.glue.start_crawler_schedule(CrawlerName=name)
    wait_until(lambda: len(lake.glue.list_crawls(CrawlerName=name)["Crawls"]) > 2, seconds=100, every=0.3)
    lake.glue.stop_crawler_schedule(CrawlerName=name)
    assert wait_until(lambda: lake.ready(name))["LastCrawl"]["Status"] == "SUCCEEDED"
    assert len(lake.all_partitions("many")) == 400
    whole(lake)


@pytest.mark.parametrize("round", range(12 if SLOW else 3))
def test_kill_at_any_moment(fresh_tarn, unique, round):
    """Also while the catalog is written: what a crawl wrote is whole, and the next one makes the rest."""
    server = fresh_tarn()
    lake = Lake(server, unique)
    for table in range(4):
        lake.put_slow_files(150, below=f"t{table}")
    name = lake.create("", Configuration='{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 2}}')
    seed = random.randrange(1 << 30)
    moment = random.Random(seed).uniform(0, 2.5)
    lake.glue.start_crawler(Name=name)
    time.sleep(moment)  # the moment of the kill is the test's own choice: nothing is waited for
    server.kill()
    print(f"seed {seed}: killed after {moment:.2f} s")

    lake.again(fresh_tarn())
    crawler = lake.glue.get_crawler(Name=name)["Crawler"]
    assert crawler["State"] == "READY"
    # A crawl that was told to have ended has ended: all of it is there.
    ended = crawler["LastCrawl"]["Status"] == "SUCCEEDED"
    if lake.database in [d["Name"] for d in lake.glue.get_databases()["DatabaseList"]]:
        whole(lake)
        assert not ended or {t: len(lake.all_partitions(t)) for t in lake.tables()} == {f"t{n}": 150 for n in range(4)}
    lake.crawl(name)
    assert {t: len(lake.all_partitions(t)) for t in lake.tables()} == {f"t{n}": 150 for n in range(4)}
    whole(lake)
