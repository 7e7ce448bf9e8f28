"""Bookmarks: nothing is read twice, nothing is passed over."""

import json

import pytest
from awsglue.job import Job
from control_endpoint import TOKEN
from tarn_glue import bookmarks
from tarn_glue.bookmarks import BookmarkConflict, S3Progress
from tarn_glue.objects import Item


def item(key, modified, etag="e"):
    return Item("b", key, 1, modified, etag)


def test_progress_knows_what_was_read():
    first = [item("a", 1_000_000), item("b", 2_000_000)]
    done = S3Progress().after(first)
    assert all(done.was_read(one) for one in first)
    assert not done.was_read(item("c", 2_000_000)), "an object of the same time, listed later"
    assert not done.was_read(item("b", 2_000_000, "new")), "the same object, written again in the same moment"
    assert not done.was_read(item("late", 1_500_000)), "an object that appeared late, within the band"
    assert done.was_read(item("older", 1_000_000)), "an object from before the band"
    again = S3Progress.of_state(json.loads(json.dumps(done.state())))
    assert (again.floor, again.marks) == (done.floor, done.marks)


def test_progress_never_goes_back():
    done = S3Progress().after([item("a", 5_000_000)])
    assert done.after([item("b", 1_000_000)]).floor == done.floor
    assert done.after([]) is done


def test_many_objects_of_the_band_are_bounded(monkeypatch):
    monkeypatch.setattr(bookmarks, "OBJECTS_IN_BAND_MAX", 3)
    items = [item(f"k{index}", 1_000_000 + index // 2) for index in range(10)]
    done = S3Progress().after(items)
    assert len(done.marks) <= 3 and all(done.was_read(one) for one in items)
    same = [item(f"k{index}", 1_000_000) for index in range(10)]
    done = S3Progress().after(same)
    assert len(done.marks) == 10 and not done.was_read(item("new", 1_000_000))


@pytest.fixture
def run(control, glue_context, monkeypatch):
    """A run of the job: reads a source by a function, commits, and gives what it read."""
    monkeypatch.setenv("TARN_GLUE_CONTROL", control.address)
    monkeypatch.setenv("TARN_GLUE_TOKEN", TOKEN)

    def once(read, commit=True):
        job = Job(glue_context)
        job.init("job", {"job_bookmark_option": "job-bookmark-enable"})
        frame = read()
        if commit:
            job.commit()
        return frame

    yield once
    glue_context.bookmarks = bookmarks.Bookmarks()


@pytest.fixture
def source(glue_context, bucket):
    def read(ctx="source", **options):
        return glue_context.create_dynamic_frame.from_options(
            "s3", {"paths": [f"s3://{bucket}/in/"], "recurse": True, **options}, "json", transformation_ctx=ctx
        )

    return read


def test_every_object_is_read_once(run, source, s3, bucket, rows, control):
    s3.put_object(Bucket=bucket, Key="in/a.json", Body=b'{"n": 1, "d": "x"}')
    assert [row["n"] for row in rows(run(source))] == [1]
    nothing = run(source)
    assert rows(nothing) == [] and nothing.toDF().columns == ["n", "d"], "the columns are those of what was there"
    s3.put_object(Bucket=bucket, Key="in/b.json", Body=b'{"n": 2}')
    version = control.version
    assert [row["n"] for row in rows(run(source, commit=False))] == [2]
    assert control.version == version
    assert [row["n"] for row in rows(run(source))] == [2], "a run that does not commit leaves the bookmark"
    s3.put_object(Bucket=bucket, Key="in/a.json", Body=b'{"n": 3}')
    assert [row["n"] for row in rows(run(source))] == [3], "an object that was written again"


def test_paused_disabled_and_without_context(run, source, s3, bucket, rows, control):
    s3.put_object(Bucket=bucket, Key="in/a.json", Body=b'{"n": 1}')
    run(source)
    s3.put_object(Bucket=bucket, Key="in/b.json", Body=b'{"n": 2}')
    control.option = "job-bookmark-pause"
    version = control.version
    assert len(rows(run(source))) == 1 and control.version == version
    control.option = "job-bookmark-disable"
    assert len(rows(run(source))) == 2 and control.version == version
    control.option = "job-bookmark-enable"
    assert len(rows(run(lambda: source(ctx="")))) == 2 and control.version == version
    assert len(rows(run(lambda: source(ctx="other")))) == 2, "every context has a bookmark of its own"
    assert len(rows(run(source))) == 1


def test_a_paused_run_between_two_runs(run, source, s3, bucket, rows, control):
    states = []
    for number in (1, 2, 3):
        s3.put_object(Bucket=bucket, Key=f"in/{number}.json", Body=b'{"n": %d}' % number)
        run(source)
        states.append(control.bookmark)
    control.option, control.bookmark, control.until = "job-bookmark-pause", states[0], states[1]
    assert [row["n"] for row in rows(run(source))] == [2]


def test_two_runs_at_once_conflict(run, source, s3, bucket, control, glue_context):
    s3.put_object(Bucket=bucket, Key="in/a.json", Body=b'{"n": 1}')
    run(source, commit=False)
    control.version += 1
    with pytest.raises(BookmarkConflict):
        glue_context.bookmarks.commit()


def test_partitions_of_a_table_are_read_once(run, s3, bucket, database, glue, glue_context, rows):
    columns = {
        "Columns": [{"Name": "n", "Type": "int"}],
        "Location": f"s3://{bucket}/t/",
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
    }
    glue.create_table(
        DatabaseName=database,
        TableInput={"Name": "t", "StorageDescriptor": columns, "PartitionKeys": [{"Name": "d", "Type": "string"}]},
    )

    def add(day, key, body):
        s3.put_object(Bucket=bucket, Key=f"t/d={day}/{key}", Body=body)

    def read():
        return glue_context.create_dynamic_frame.from_catalog(database, "t", transformation_ctx="t")

    for day in ("1", "2"):
        glue.create_partition(
            DatabaseName=database,
            TableName="t",
            PartitionInput={"Values": [day], "StorageDescriptor": {**columns, "Location": f"s3://{bucket}/t/d={day}/"}},
        )
    assert rows(run(read)) == []
    add("1", "a.json", b'{"n": 1}')
    assert rows(run(read)) == [{"n": 1, "d": "1"}]
    add("2", "b.json", b'{"n": 2}\n{"n": 3}')
    assert rows(run(read)) == [{"n": 2, "d": "2"}, {"n": 3, "d": "2"}]
    assert rows(run(read)) == []
