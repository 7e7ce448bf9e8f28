"""EvaluateDataQuality: what is asked of the server, and what scripts get."""

import pytest
from awsglue.transforms import SelectFromCollection
from awsgluedq.transforms import EvaluateDataQuality
from control_endpoint import TOKEN
from tarn_glue.run import Run

ANSWER = {
    "ResultId": "dqresult-1",
    "Results": [
        {"Rule": "RowCount = 2", "Outcome": "Passed", "EvaluatedMetrics": {"Dataset.*.RowCount": 2.0}},
        {"Rule": 'IsComplete "v"', "Outcome": "Failed", "FailureReason": "Value: 0.5", "EvaluatedMetrics": {}},
    ],
}


@pytest.fixture
def run(control, bucket, monkeypatch, tmp_path):
    """A run with a temporary folder in S3 and the control endpoint."""
    (tmp_path / "run.json").write_text(
        '{"jobName": "j", "runId": "jr_1", "script": "s3://b/k", "arguments": {"--TempDir": "s3://%s/tmp/"}}' % bucket
    )
    monkeypatch.setenv("TARN_GLUE_CONTROL", control.address)
    monkeypatch.setenv("TARN_GLUE_TOKEN", TOKEN)
    monkeypatch.setenv("TARN_GLUE_RUN", str(tmp_path / "run.json"))
    monkeypatch.setenv("TARN_GLUE_DIR", str(tmp_path))
    Run.current.cache_clear()
    yield control
    Run.current.cache_clear()


def test_rules_and_rows(run, records, rows, bucket, keys, glue_context):
    frame = records([{"id": 1, "v": "x"}, {"id": 2, "v": None}])
    outcomes = f"s3://{bucket}/rows/"
    frame.toDF().selectExpr("*", "'Passed' as DataQualityEvaluationResult").write.parquet(outcomes)
    run.results = {**ANSWER, "RowLevelPath": outcomes}
    found = EvaluateDataQuality().process_rows(
        frame=frame,
        ruleset='Rules = [RowCount = 2, IsComplete "v"]',
        publishing_options={"dataQualityEvaluationContext": "ctx", "enableDataQualityCloudWatchMetrics": True},
        additional_data_sources={"other": frame},
    )
    (asked,) = run.calls("data-quality")
    assert asked["Context"] == "ctx" and asked["RowLevel"] is True and set(asked["Additional"]) == {"other"}
    assert asked["Options"] == {"enableDataQualityCloudWatchMetrics": True}
    assert asked["Primary"].startswith(f"s3://{bucket}/tmp/data-quality-")
    assert keys(bucket, "tmp/") == [], "the copies are gone"
    outcome = rows(SelectFromCollection.apply(dfc=found, key="ruleOutcomes"))
    assert [(row["Rule"], row["Outcome"], row["FailureReason"]) for row in outcome] == [
        ("RowCount = 2", "Passed", None),
        ('IsComplete "v"', "Failed", "Value: 0.5"),
    ]
    level = SelectFromCollection.apply(dfc=found, key="rowLevelOutcomes")
    assert {row["DataQualityEvaluationResult"] for row in rows(level)} == {"Passed"}


def test_rules_alone(run, records, rows):
    run.results = ANSWER
    found = EvaluateDataQuality.apply(frame=records([{"id": 1}]), ruleset="Rules = [RowCount = 2]")
    assert found.toDF().columns == ["Rule", "Outcome", "FailureReason", "EvaluatedMetrics", "EvaluatedRule"]
    assert "Context" not in run.calls("data-quality")[0]


def test_without_a_server(records):
    with pytest.raises(NotImplementedError, match="server"):
        EvaluateDataQuality.apply(frame=records([{"id": 1}]), ruleset="Rules = [RowCount = 2]")
