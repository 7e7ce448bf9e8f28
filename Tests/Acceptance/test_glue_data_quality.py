"""Glue Data Quality: rulesets in DQDL, runs over catalog tables, results, recommendations."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from conftest import wait_until

OVER = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class House:
    """A bucket, a database, a role, and a table of orders in two partitions."""

    def __init__(self, tarn, unique):
        self.tarn, self.unique = tarn, unique
        self.s3, self.glue, self.iam = tarn.client("s3"), tarn.client("glue"), tarn.client("iam")
        self.bucket = unique("quality")
        self.s3.create_bucket(Bucket=self.bucket)
        self.database = unique("db").replace("-", "_")
        self.glue.create_database(DatabaseInput={"Name": self.database})
        self.role = self.make_role("s3:*", "glue:*")
        self.source = {"GlueTable": {"DatabaseName": self.database, "TableName": "orders"}}
        self.put("day=2026-01-01", id=[1, 2], state=["CA", "TX"], amount=[10.5, 20.25])
        self.put("day=2026-01-02", id=[3, 4], state=["CA", None], amount=[None, 7.0])
        self.declare("orders", "orders")

    def make_role(self, *actions):
        name = self.unique("quality-role")
        trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        rights = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": rights})
        self.iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy)
        return arn

    def put(self, folder, table="orders", **columns):
        schema = pa.schema([("id", pa.int64()), ("state", pa.string()), ("amount", pa.float64())])
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns, schema=schema), buffer)
        key = f"{table}/{folder}/part-0.parquet" if folder else f"{table}/part-0.parquet"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=buffer.getvalue())

    def declare(self, name, folder, partitioned=True):
        parquet = "org.apache.hadoop.hive.ql.io.parquet"
        storage = {
            "Columns": [
                {"Name": "id", "Type": "bigint"},
                {"Name": "state", "Type": "string"},
                {"Name": "amount", "Type": "double"},
            ],
            "Location": f"s3://{self.bucket}/{folder}/",
            "InputFormat": f"{parquet}.MapredParquetInputFormat",
            "OutputFormat": f"{parquet}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{parquet}.serde.ParquetHiveSerDe"},
        }
        keys = [{"Name": "day", "Type": "string"}] if partitioned else []
        table = {"Name": name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage, "PartitionKeys": keys}
        self.glue.create_table(DatabaseName=self.database, TableInput=table)
        for day in ("2026-01-01", "2026-01-02") if partitioned else ():
            place = storage | {"Location": f"s3://{self.bucket}/{folder}/day={day}/"}
            self.glue.create_partition(
                DatabaseName=self.database,
                TableName=name,
                PartitionInput={"Values": [day], "StorageDescriptor": place},
            )

    def ruleset(self, text, **arguments):
        name = self.unique("ruleset")
        self.glue.create_data_quality_ruleset(Name=name, Ruleset=text, **arguments)
        return name

    def run(self, *rulesets, **arguments):
        arguments = {"DataSource": self.source, "Role": self.role} | arguments
        return self.glue.start_data_quality_ruleset_evaluation_run(RulesetNames=list(rulesets), **arguments)["RunId"]

    def ended(self, run):
        def over():
            found = self.glue.get_data_quality_ruleset_evaluation_run(RunId=run)
            return found if found["Status"] in OVER else None

        return wait_until(over)

    def results(self, *rulesets, **arguments):
        run = self.ended(self.run(*rulesets, **arguments))
        assert run["Status"] == "SUCCEEDED", run.get("ErrorString")
        return [self.glue.get_data_quality_result(ResultId=result) for result in run["ResultIds"]]


@pytest.fixture
def house(tarn, unique):
    return House(tarn, unique)


def test_a_ruleset_lives(house):
    glue, name = house.glue, house.unique("ruleset")
    made = glue.create_data_quality_ruleset(
        Name=name,
        Ruleset='Rules = [ IsComplete "id" ]',
        TargetTable={"DatabaseName": house.database, "TableName": "orders"},
        Tags={"team": "sales"},
    )
    assert made["Name"] == name
    shown = glue.get_data_quality_ruleset(Name=name)
    assert shown["Ruleset"] == 'Rules = [ IsComplete "id" ]'
    assert shown["TargetTable"]["TableName"] == "orders"
    glue.update_data_quality_ruleset(Name=name, Description="more", Ruleset='Rules = [ IsUnique "id", RowCount > 1 ]')
    target = {"DatabaseName": house.database, "TableName": "orders"}
    listed = glue.list_data_quality_rulesets(Filter={"TargetTable": target})["Rulesets"]
    assert [(r["Name"], r["RuleCount"], r["Description"]) for r in listed] == [(name, 2, "more")]
    arn = f"arn:aws:glue:us-east-1:000000000000:dataQualityRuleset/{name}"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "sales"}
    glue.delete_data_quality_ruleset(Name=name)
    assert refusal(glue.get_data_quality_ruleset, Name=name)[0] == "EntityNotFoundException"


@pytest.mark.parametrize(
    "text, message",
    [
        ("Rules = [ Foo ]", "Parsing Error: Rule Type: Foo is not valid"),
        ("Rules = [ RowCount > ]", "Parsing Error: line 1:21 no viable alternative at input ']'"),
        ("Rules = [ ]", "Parsing Error: No rules or analyzers provided."),
        ('Rules = [ IsComplete "a" > 1 ]', None),
        ("(" * 50_000, None),
    ],
)
def test_what_is_no_ruleset_is_refused(house, text, message):
    code, told = refusal(house.glue.create_data_quality_ruleset, Name=house.unique("r"), Ruleset=text)
    assert code == "InvalidInputException"
    assert message is None or told == message


def test_a_run_judges_every_kind_of_rule(house):
    rules = {
        "RowCount = 4": "PASS",
        "ColumnCount = 4": "PASS",
        'ColumnExists "state"': "PASS",
        'ColumnNamesMatchPattern "[a-z]+"': "PASS",
        'IsComplete "state"': "FAIL",
        'Completeness "state" >= 0.75': "PASS",
        'IsUnique "id"': "PASS",
        'IsPrimaryKey "id"': "PASS",
        'Uniqueness "state" < 0.5': "PASS",
        'UniqueValueRatio "state" >= 0.5': "PASS",
        'DistinctValuesCount "state" = 3': "PASS",
        'Entropy "state" > 0.6': "PASS",
        'Mean "id" = 2.5': "PASS",
        'Sum "id" = 10': "PASS",
        'StandardDeviation "id" < 1.2': "PASS",
        'ColumnCorrelation "id" "amount" < 1': "PASS",
        'ColumnLength "state" = 2 where "state is not null"': "PASS",
        'ColumnValues "id" between 0 and 5': "PASS",
        'ColumnValues "state" in ["CA","TX",NULL]': "PASS",
        'ColumnValues "state" matches "[A-Z]{2}" with threshold > 0.7': "PASS",
        'ColumnValues "amount" > 10 where "id < 3"': "PASS",
        'ColumnDataType "day" = "Date"': "PASS",
        'DataFreshness "day" < 1 hours': "FAIL",
        'CustomSql "select count(*) from primary where amount > 8" = 2': "PASS",
        'CustomSql "select id from primary where id > 0"': "PASS",
        'RowCountMatch "reference" = 2.0': "PASS",
        'ReferentialIntegrity "id" "reference.id" = 0.5': "PASS",
        'DatasetMatch "reference" "id" "amount" >= 0.25': "PASS",
        'SchemaMatch "reference" > 0.5': "FAIL",
        'AggregateMatch "sum(id)" "sum(reference.id)" > 3': "PASS",
        "FileFreshness > (now() - 1 days)": "PASS",
        f'FileSize "s3://{house.bucket}/orders/" < 1 MB': "PASS",
        "FileUniqueness = 1.0": "PASS",
        '(RowCount > 100) or (IsComplete "id")': "PASS",
        'DetectAnomalies "RowCount"': "PASS",
        'Mean "state" > 1': "FAIL",
        'IsComplete "nothing"': "FAIL",
        'IsComplete "id" where "nonsense ((("': "ERROR",
    }
    house.put("", table="reference", id=[1, 2], state=["CA", "TX"], amount=[10.5, 99.0])
    house.declare("reference", "reference", partitioned=False)
    name = house.ruleset("Rules = [\n" + ",\n".join(rules) + "\n]")
    reference = {"GlueTable": {"DatabaseName": house.database, "TableName": "reference"}}
    result = house.results(name, AdditionalDataSources={"reference": reference})[0]
    told = {rule["Description"]: (rule["Result"], rule.get("EvaluationMessage")) for rule in result["RuleResults"]}
    found = [outcome for outcome, _ in told.values()]
    assert found == list(rules.values()), told
    assert result["Score"] == pytest.approx(found.count("PASS") / len(found))
    metrics = {k: v for rule in result["RuleResults"] for k, v in rule.get("EvaluatedMetrics", {}).items()}
    assert metrics["Dataset.*.RowCount"] == 4
    assert metrics["Column.state.Completeness"] == 0.75
    assert metrics["Dataset.reference.RowCountMatch"] == 2
    assert result["RulesetName"] == name
    assert result["DataSource"] == house.source


def test_metrics_and_results_are_published(house):
    name = house.ruleset('Rules = [ RowCount > 1, IsComplete "state" ]')
    options = {"CloudWatchMetricsEnabled": True, "ResultsS3Prefix": f"s3://{house.bucket}/results/"}
    house.results(name, AdditionalRunOptions=options)
    objects = house.s3.list_objects_v2(Bucket=house.bucket, Prefix="results/")["Contents"]
    body = house.s3.get_object(Bucket=house.bucket, Key=objects[0]["Key"])["Body"].read()
    lines = [json.loads(line) for line in body.splitlines()]
    assert [(line["rule"], line["outcome"]) for line in lines] == [
        ("RowCount > 1", "Passed"),
        ('IsComplete "state"', "Failed"),
    ]
    cloudwatch = house.tarn.client("cloudwatch")

    def published():
        found = cloudwatch.list_metrics(Namespace="Glue Data Quality", Dimensions=[{"Name": "RulesetName", "Value": name}])
        return {m["MetricName"] for m in found["Metrics"]}

    assert wait_until(published) == {"glue.data.quality.rules.passed", "glue.data.quality.rules.failed"}


def test_a_role_without_rights_reads_nothing(house):
    name = house.ruleset("Rules = [ RowCount > 1 ]")
    run = house.ended(house.run(name, Role=house.make_role("glue:GetTable", "glue:GetPartitions")))
    assert run["Status"] == "FAILED"
    assert "is not authorized to perform: s3:ListBucket" in run["ErrorString"]
    blind = house.ended(house.run(name, Role=house.make_role("glue:*", "s3:ListBucket")))
    assert blind["Status"] == "FAILED"
    assert "s3:GetObject" in blind["ErrorString"] or "Access" in blind["ErrorString"]
    code, _ = refusal(
        house.glue.start_data_quality_ruleset_evaluation_run,
        DataSource=house.source,
        Role="nobody",
        RulesetNames=[name],
    )
    assert code == "InvalidInputException"


def test_joined_rules_row_by_row(house):
    name = house.ruleset('Rules = [ (ColumnValues "id" > 2) or (ColumnValues "amount" > 5) ]')
    assert house.results(name)[0]["RuleResults"][0]["Result"] == "FAIL"
    result = house.results(name, AdditionalRunOptions={"CompositeRuleEvaluationMethod": "ROW"})[0]
    assert result["RuleResults"][0]["Result"] == "PASS"
    assert result["AggregatedMetrics"]["TotalRowsPassed"] == 4


def test_rules_look_back_and_statistics_are_kept(house):
    name = house.ruleset('Rules = [ RowCount >= last() ] Analyzers = [ Completeness "state" ]')
    first = house.results(name)[0]
    assert first["RuleResults"][0]["Result"] == "FAIL"
    second = house.results(name)[0]
    assert second["RuleResults"][0]["Result"] == "PASS"
    assert second["RuleResults"][0]["EvaluatedRule"] == "RowCount >= 4.0"
    assert second["AnalyzerResults"][0]["EvaluatedMetrics"] == {"Column.state.Completeness": 0.75}
    glue, profile = house.glue, second["ProfileId"]
    found = glue.list_data_quality_statistics(ProfileId=profile)["Statistics"]
    complete = next(s for s in found if s["StatisticName"] == "Completeness")
    assert (complete["EvaluationLevel"], complete["ColumnsReferenced"]) == ("Column", ["state"])
    series = glue.list_data_quality_statistics(StatisticId=complete["StatisticId"])["Statistics"]
    assert [s["DoubleValue"] for s in series] == [0.75, 0.75]
    glue.put_data_quality_profile_annotation(ProfileId=profile, InclusionAnnotation="EXCLUDE")
    annotations = glue.list_data_quality_statistic_annotations(ProfileId=profile)["Annotations"]
    assert {a["InclusionAnnotation"]["Value"] for a in annotations} == {"EXCLUDE"}
    assert refusal(glue.get_data_quality_model, ProfileId=profile)[0] == "EntityNotFoundException"


def test_runs_and_results_are_listed(house):
    name = house.ruleset("Rules = [ RowCount > 1 ]")
    runs = []
    for _ in range(3):
        runs.insert(0, house.run(name))
        house.ended(runs[0])
    found = house.glue.list_data_quality_ruleset_evaluation_runs(Filter={"DataSource": house.source}, MaxResults=2)
    more = house.glue.list_data_quality_ruleset_evaluation_runs(
        Filter={"DataSource": house.source}, NextToken=found["NextToken"]
    )
    assert [run["RunId"] for run in found["Runs"] + more["Runs"]] == runs
    results = house.glue.list_data_quality_results(Filter={"DataSource": house.source})["Results"]
    ids = [result["ResultId"] for result in results]
    batch = house.glue.batch_get_data_quality_result(ResultIds=ids + ["dqresult-none"])
    assert [result["ResultId"] for result in batch["Results"]] == ids
    assert batch["ResultsNotFound"] == ["dqresult-none"]


def test_a_recommendation_holds(house):
    name = house.unique("recommended")
    run = house.glue.start_data_quality_rule_recommendation_run(
        DataSource=house.source, Role=house.role, CreatedRulesetName=name
    )["RunId"]

    def over():
        found = house.glue.get_data_quality_rule_recommendation_run(RunId=run)
        return found if found["Status"] in OVER else None

    found = wait_until(over)
    assert found["Status"] == "SUCCEEDED", found.get("ErrorString")
    assert 'IsComplete "id"' in found["RecommendedRuleset"]
    result = house.results(name)[0]
    assert result["Score"] == 1, result["RuleResults"]
    shown = house.glue.get_data_quality_ruleset(Name=name)
    assert shown["RecommendationRunId"] == run


def test_results_outlive_the_process(fresh_tarn, unique):
    server = fresh_tarn()
    house = House(server, unique)
    name = house.ruleset("Rules = [ RowCount = 4 ]")
    result = house.results(name)[0]
    # Runs that the end of the process meets are over when it is back, one way or the other.
    begun = [house.run(name) for _ in range(5)]
    server.kill()
    server.start()
    house.glue = server.client("glue")
    assert house.glue.get_data_quality_result(ResultId=result["ResultId"])["Score"] == 1
    for run in begun:
        found = house.glue.get_data_quality_ruleset_evaluation_run(RunId=run)
        assert found["Status"] in ("SUCCEEDED", "FAILED")
        if found["Status"] == "FAILED":
            assert found["ErrorString"] == "The server stopped while the run was under way."
        else:
            assert house.glue.get_data_quality_result(ResultId=found["ResultIds"][0])["Score"] == 1
