"""EvaluateDataQuality: a ruleset of DQDL over a frame."""

import atexit
import uuid

from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection
from awsglue.transforms.transform import GlueTransform, checked
from tarn_glue import objects, sinks
from tarn_glue.control import Control
from tarn_glue.run import Run

RESULT_FORM = (
    "Rule string, Outcome string, FailureReason string, EvaluatedMetrics map<string,double>, EvaluatedRule string"
)
ANALYZERS_ONLY, RULES, ROWS, ORIGINAL = "analyzerResults", "ruleOutcomes", "rowLevelOutcomes", "originalData"


class EvaluateDataQuality(GlueTransform):
    """Evaluates a ruleset: `apply` gives the rules' outcomes, `process_rows` those of the rows as well."""

    def __call__(
        self,
        frame,
        ruleset,
        publishing_options=None,
        additional_options=None,
        transformation_ctx="",
        additional_data_sources=None,
    ):
        result = _evaluate(
            frame, ruleset, publishing_options, additional_options, additional_data_sources, row_level=False
        )
        return _outcomes(frame.glue_ctx, result)

    def process(
        self,
        frame,
        ruleset,
        publishing_options=None,
        additional_options=None,
        transformation_ctx="",
        additional_data_sources=None,
    ):
        """The outcomes: a frame with Rule, Outcome, FailureReason, EvaluatedMetrics and EvaluatedRule."""
        return self(frame, ruleset, publishing_options, additional_options, transformation_ctx, additional_data_sources)

    def process_rows(
        self,
        frame,
        ruleset,
        publishing_options=None,
        additional_options=None,
        additional_data_sources=None,
        transformation_ctx="",
    ):
        """A collection: `ruleOutcomes`, and `rowLevelOutcomes`, the records with DataQualityRulesPass,
        DataQualityRulesFail, DataQualityRulesSkip and DataQualityEvaluationResult."""
        result = _evaluate(
            frame, ruleset, publishing_options, additional_options, additional_data_sources, row_level=True
        )
        context = frame.glue_ctx
        frames = {RULES: _outcomes(context, result), ORIGINAL: frame}
        if result.get("RowLevelPath"):
            rows = context.spark_session.read.parquet(result["RowLevelPath"])
            # The script may read them as long as it runs.
            atexit.register(_remove, result["RowLevelPath"])
            frames[ROWS] = DynamicFrame.fromDF(rows, context, ROWS)
        else:
            # No rule looks at single rows: they have no outcomes.
            frames[ROWS] = frame
        return DynamicFrameCollection(frames, context)


def _evaluate(frame, ruleset, publishing_options, additional_options, additional_data_sources, row_level):
    """Puts the frames where the server can read them, asks it, and takes them away."""
    control = Control.current()
    if control is None:
        raise NotImplementedError("Data quality is evaluated by the server, and no server started this script.")
    staging = f"{_temporary()}/data-quality-{uuid.uuid4()}"
    options = dict(publishing_options or {})
    given = []
    try:
        primary = _staged(checked(frame, "EvaluateDataQuality"), f"{staging}/primary/", given)
        additional = {
            alias: _staged(other, f"{staging}/additional/{alias}/", given)
            for alias, other in (additional_data_sources or {}).items()
        }
        named = options.pop("dataQualityEvaluationContext", None)
        result = control.data_quality(
            Ruleset=ruleset,
            Primary=primary,
            Additional=additional,
            RowLevel=row_level,
            Options={**options, **(additional_options or {})},
            **({"Context": named} if named else {}),
        )
    finally:
        for path in given:
            objects.delete(objects.listed(path))
    return result


def _staged(frame, path, given):
    given.append(path)
    rows, schema = frame._resolved()
    # A file without rows tells the server the columns.
    sinks.write_s3(rows, schema, path, "parquet", {}, drop_empty=False)
    return path


def _remove(path):
    try:
        objects.delete(objects.listed(path))
    except Exception:  # the script is over: what stays in the temporary folder hinders nobody
        pass


def _temporary():
    """Where the job may put what it needs for a moment: its TempDir, else beside its script."""
    run = Run.current()
    folder = (run.argument("TempDir") or run.argument("RedshiftTempDir")) if run else None
    if folder:
        return folder.rstrip("/")
    if run is None:
        raise ValueError("EvaluateDataQuality needs the job argument --TempDir")
    bucket, _ = objects.split(run.script)
    return f"s3://{bucket}/temporary"


def _outcomes(context, result):
    rows = [
        (
            told.get("Rule"),
            told.get("Outcome"),
            told.get("FailureReason"),
            {name: float(value) for name, value in (told.get("EvaluatedMetrics") or {}).items()},
            told.get("EvaluatedRule") or told.get("Rule"),
        )
        for told in result.get("Results") or []
    ]
    return DynamicFrame.fromDF(context.spark_session.createDataFrame(rows, RESULT_FORM), context, RULES)
