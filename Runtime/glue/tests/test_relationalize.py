"""Nested records as flat tables, whose keys join."""

from awsglue.transforms import Relationalize

PEOPLE = [
    {
        "name": "Ann",
        "home": {"city": "Basel", "zip": "4051"},
        "phones": [{"kind": "home", "numbers": [1, 2]}, {"kind": "work", "numbers": []}],
    },
    {"name": "Bo", "home": {"city": "Bern", "zip": 3000}, "phones": []},
    {"name": "Cy", "home": None, "phones": None},
]


def test_tables_and_their_names(records):
    tables = Relationalize.apply(records(PEOPLE), staging_path="s3://nowhere/tmp", name="root")
    assert list(tables.keys()) == ["root", "root_phones", "root_phones.val.numbers"]
    assert tables["root"].toDF().columns == ["name", "home.city", "home.zip.int", "home.zip.string", "phones"]
    assert tables["root_phones"].toDF().columns == ["id", "index", "phones.val.kind", "phones.val.numbers"]
    assert tables["root_phones.val.numbers"].toDF().dtypes == [
        ("id", "bigint"),
        ("index", "int"),
        ("phones.val.numbers.val", "int"),
    ]


def test_keys_join_every_time(records, rows):
    tables = records(PEOPLE * 50, partitions=3).relationalize("root", "s3://nowhere/tmp")
    shuffled = tables["root"].repartition(5).join(["phones"], ["id"], tables["root_phones"].repartition(2))
    assert shuffled.count() == 100
    names = {row["name"] for row in rows(shuffled)}
    assert names == {"Ann"}
    numbers = tables["root_phones"].join(["phones.val.numbers"], ["id"], tables["root_phones.val.numbers"])
    assert numbers.count() == 100
    assert {row["phones.val.kind"] for row in rows(numbers)} == {"home"}


def test_absent_arrays_have_no_key(records, rows):
    tables = records(PEOPLE, partitions=1).relationalize("root", "")
    keys = {row["name"]: row["phones"] for row in rows(tables["root"])}
    assert keys["Cy"] is None and keys["Ann"] != keys["Bo"] is not None


def test_flat_records_are_one_table(records, rows):
    tables = records([{"a": 1}]).relationalize("root", "")
    assert list(tables.keys()) == ["root"] and rows(tables["root"]) == [{"a": 1}]
