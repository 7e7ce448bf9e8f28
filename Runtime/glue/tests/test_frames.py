"""DynamicFrame's own operations: types that differ, mappings, choices, errors."""

import datetime

import pytest
from awsglue.dynamicframe import DynamicFrame, ErrorThresholdExceeded, ResolveOption
from awsglue.gluetypes import DoubleType
from awsglue.transforms import (
    ApplyMapping,
    DropFields,
    DropNullFields,
    ErrorsAsDynamicFrame,
    Filter,
    Join,
    Map,
    RenameField,
    ResolveChoice,
    SelectFields,
    SelectFromCollection,
    SplitFields,
    SplitRows,
    Unbox,
    UnnestFrame,
)


def tree(frame):
    from awsglue.gluetypes import tree_string

    return tree_string(frame.schema())


MIXED = [{"id": 1, "v": 5}, {"id": 2, "v": "six"}, {"id": 3, "v": None}]


def test_values_of_different_types_make_a_choice(records, rows):
    frame = records(MIXED)
    assert tree(frame) == "root\n|-- id: int\n|-- v: choice\n|    |-- int\n|    |-- string\n"
    assert frame.toDF().dtypes == [("id", "int"), ("v", "struct<int:int,string:string>")]
    assert sorted(rows(frame), key=lambda row: row["id"]) == MIXED


def test_integers_beyond_32_bits_are_long(records):
    frame = records([{"a": 1, "b": 2**40}, {"a": 2**40, "b": 2**41}])
    assert frame.toDF().dtypes == [("a", "struct<int:int,long:bigint>"), ("b", "bigint")]


@pytest.mark.parametrize(
    "choice,expected",
    [
        ("cast:long", [5, None, None]),
        ("cast:string", ["5", "six", None]),
        ("project:string", [None, "six", None]),
        ("project:double", [None, None, None]),
    ],
)
def test_resolving_all_choices(records, rows, choice, expected):
    found = rows(ResolveChoice.apply(records(MIXED), choice=choice))
    assert [row["v"] for row in sorted(found, key=lambda row: row["id"])] == expected


def test_choices_as_columns_and_structs(records, rows):
    frame = records(MIXED)
    columns = sorted(rows(frame.resolveChoice(choice="make_cols")), key=lambda row: row["id"])
    assert columns == [
        {"id": 1, "v_int": 5, "v_string": None},
        {"id": 2, "v_int": None, "v_string": "six"},
        {"id": 3, "v_int": None, "v_string": None},
    ]
    struct = sorted(rows(frame.resolveChoice(specs=[("v", "make_struct")])), key=lambda row: row["id"])
    assert struct[1] == {"id": 2, "v": {"int": None, "string": "six"}}


def test_choices_inside_arrays_and_structs(records, rows):
    frame = records([{"a": [{"x": 1}, {"x": "y"}], "s": {"t": 1.5}}, {"a": [], "s": {"t": 2}}], partitions=1)
    found = rows(frame.resolveChoice(specs=[("a[].x", "cast:string"), ("s.t", "cast:double")]))
    assert found == [{"a": [{"x": "1"}, {"x": "y"}], "s": {"t": 1.5}}, {"a": [], "s": {"t": 2.0}}]


def test_choice_actions_are_checked(records):
    frame = records(MIXED)
    for arguments in (
        {"choice": "make"},
        {"choice": "cast:nothing"},
        {"specs": [("v", "match_catalog")]},
        {"specs": [("v", "make_cols")], "choice": "make_cols"},
        {"choice": "match_catalog"},
    ):
        with pytest.raises(ValueError):
            frame.resolveChoice(**arguments)


def test_todf_resolves_by_option(records):
    frame = records(MIXED)
    assert dict(frame.toDF([ResolveOption("v", "Project", DoubleType())]).dtypes)["v"] == "double"
    with pytest.raises(ValueError, match="Target type"):
        frame.toDF([ResolveOption("v", "Project")])


def test_mapping_casts_renames_and_nests(records, rows):
    frame = records(
        [
            {"customer_id": "7", "amount": "12.345", "date": "2024-02-29", "n": {"deep": 1}},
            {"customer_id": "x", "amount": "", "date": "never", "n": None},
        ],
        partitions=1,
    )
    mapped = ApplyMapping.apply(
        frame=frame,
        mappings=[
            ("customer_id", "string", "customer_id", "int"),
            ("amount", "string", "amount", "decimal(10,2)"),
            ("date", "string", "sale_date", "date"),
            ("n.deep", "int", "out.inner", "long"),
            ("not_there", "string", "gone", "string"),
        ],
        transformation_ctx="mapped",
    )
    import decimal

    assert rows(mapped) == [
        {
            "customer_id": 7,
            "amount": decimal.Decimal("12.35"),
            "sale_date": datetime.date(2024, 2, 29),
            "out": {"inner": 1},
        },
        {"customer_id": None, "amount": None, "sale_date": None, "out": {"inner": None}},
    ]


def test_mapping_of_a_struct_to_a_map_and_of_a_choice(records, rows):
    frame = records([{"properties": {"a": "1", "b": "2"}, "v": 5}, {"properties": {"a": "3"}, "v": "6"}], partitions=1)
    mapped = frame.apply_mapping(
        [("properties", "map<string,string>", "properties", "map<string,string>"), ("v", "string", "v", "long")]
    )
    assert rows(mapped) == [{"properties": {"a": "1", "b": "2"}, "v": 5}, {"properties": {"a": "3"}, "v": 6}]


def test_a_name_with_dots_is_one_field(records, rows):
    frame = records([{"a.b": 1, "c": {"d": 2}}])
    assert rows(frame.apply_mapping([("`a.b`", "int", "x", "long"), ("c.d", "int", "`y.z`", "int")])) == [
        {"x": 1, "y.z": 2}
    ]
    assert rows(frame.drop_fields(["`a.b`"])) == [{"c": {"d": 2}}]


def test_a_mapping_that_is_none_is_refused(records):
    with pytest.raises(ValueError, match="no type"):
        records(MIXED).apply_mapping([("id", "int", "id", "integre")])


def test_fields_are_dropped_selected_and_renamed(records, rows):
    frame = records([{"a": 1, "s": {"x": 1, "y": 2}, "gone": None}], partitions=1)
    assert rows(DropFields.apply(frame, ["s.x", "gone"])) == [{"a": 1, "s": {"y": 2}}]
    assert rows(SelectFields.apply(frame, ["s.y", "a"])) == [{"s": {"y": 2}, "a": 1}]
    assert rows(RenameField.apply(frame, "s.x", "s.z").drop_fields(["gone"])) == [{"a": 1, "s": {"z": 1, "y": 2}}]
    assert rows(frame.rename_field("s.x", "b").drop_fields(["gone"])) == [{"a": 1, "s": {"y": 2}, "b": 1}]
    assert rows(DropNullFields.apply(frame)) == [{"a": 1, "s": {"x": 1, "y": 2}}]
    assert rows(UnnestFrame.apply(frame.drop_fields(["gone"]))) == [{"a": 1, "s.x": 1, "s.y": 2}]


def test_split_fields_and_rows(records, rows):
    frame = records([{"a": n, "b": n * n} for n in range(5)], partitions=1)
    parts = SplitFields.apply(frame, ["a"], "left", "right")
    assert set(parts.keys()) == {"left", "right"}
    assert rows(SelectFromCollection.apply(parts, "right"))[3] == {"b": 9}
    parts = SplitRows.apply(frame, {"a": {">": 1, "<": 4}}, "inside", "outside")
    assert [row["a"] for row in rows(parts["inside"])] == [2, 3]
    assert [row["a"] for row in rows(parts["outside"])] == [0, 1, 4]


def test_join_keeps_both_sides(records, rows):
    people = records([{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo"}], partitions=1)
    seats = records([{"person": 2, "name": "Senate"}, {"person": 3, "name": "House"}], partitions=1)
    assert rows(Join.apply(people, seats, "id", "person")) == [{"id": 2, "name": "Bo", "person": 2, ".name": "Senate"}]
    twice = sorted(rows(people.join(["id"], ["id"], people)), key=lambda row: row["id"])
    assert twice[0] == {"id": 1, "name": "Ann", ".id": 1, ".name": "Ann"}


def test_merge_replaces_by_key(records, rows):
    old = records([{"id": 1, "v": "a"}, {"id": 2, "v": "b"}])
    new = records([{"id": 2, "v": "c"}, {"id": 3, "v": "d"}])
    merged = old.mergeDynamicFrame(new, ["id"])
    assert sorted((row["id"], row["v"]) for row in rows(merged)) == [(1, "a"), (2, "c"), (3, "d")]


def test_union_makes_choices(records, rows):
    merged = records([{"id": 1}]).union(records([{"id": "x", "more": True}]))
    assert sorted(rows(merged), key=str) == [{"id": "x", "more": True}, {"id": 1, "more": None}]


def test_map_gives_what_the_function_gives(records, rows):
    def double(record):
        record["twice"] = record["id"] * 2
        if record["id"] == 2:
            record["twice"] = "many"
        return record

    frame = Map.apply(frame=records(MIXED), f=double)
    assert dict(frame.toDF().dtypes)["twice"] == "struct<int:int,string:string>"
    assert sorted(str(row["twice"]) for row in rows(frame)) == ["2", "6", "many"]


def test_map_keeps_the_types_that_it_was_given(glue_context):
    frame = glue_context.spark_session.createDataFrame(
        [(1, {"a": 1}, 2.5)], "big bigint, pairs map<string,bigint>, small float"
    )
    mapped = DynamicFrame.fromDF(frame, glue_context, "f").map(lambda record: {**record, "new": 1})
    assert mapped.toDF().dtypes == [
        ("big", "bigint"),
        ("pairs", "map<string,bigint>"),
        ("small", "float"),
        ("new", "int"),
    ]


def test_records_that_fail_become_errors(records, rows):
    frame = records(MIXED).map(lambda record: {"v": record["v"] + 1})
    assert rows(frame) == [{"v": 6}]
    assert frame.stageErrorsCount() == 2 and frame.errorsCount() == 2
    errors = rows(ErrorsAsDynamicFrame.apply(frame))
    assert {error["error"]["msg"].split(":")[0] for error in errors} == {"TypeError"}
    assert '"v": "six"' in "".join(error["error"]["dynamicRecord"] for error in errors)
    after = frame.filter(lambda record: record["v"] / 0)
    assert after.count() == 0 and after.stageErrorsCount() == 1 and after.errorsCount() == 3


def test_thresholds_stop_a_job(records):
    frame = records(MIXED).map(lambda record: {"v": record["v"] + 1}, stageThreshold=1)
    with pytest.raises(ErrorThresholdExceeded):
        frame.toDF()
    allowed = records(MIXED).map(lambda record: {"v": record["v"] + 1}, stageThreshold=2, totalThreshold=2)
    assert allowed.count() == 1
    with pytest.raises(ErrorThresholdExceeded):
        allowed.filter(lambda record: record["v"] / 0, totalThreshold=2).count()


def test_filter_sees_nested_records(records, rows):
    frame = records([{"s": {"x": [1, 2]}}, {"s": {"x": []}}, {"s": None}], partitions=1)
    assert rows(Filter.apply(frame=frame, f=lambda record: record["s"]["x"][0] == 1)) == [{"s": {"x": [1, 2]}}]


def test_unbox_reads_json(records, rows):
    frame = records([{"j": '{"a": 1}'}, {"j": '{"a": "b"}'}, {"j": "{"}], partitions=1)
    unboxed = Unbox.apply(frame=frame, path="j", format="json")
    assert rows(unboxed) == [{"j": {"a": 1}}, {"j": {"a": "b"}}]
    assert unboxed.stageErrorsCount() == 1


def test_a_dataframe_is_no_dynamic_frame(glue_context):
    with pytest.raises(TypeError, match="fromDF"):
        ApplyMapping.apply(frame=glue_context.spark_session.range(1), mappings=[("id", "long", "id", "int")])


def test_show_prints_records(records, capsys):
    records([{"a": {"b": [1, "x"]}}]).show()
    assert capsys.readouterr().out == '{"a": {"b": [1, "x"]}}\n'
