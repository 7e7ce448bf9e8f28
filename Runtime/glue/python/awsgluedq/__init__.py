"""Data quality in scripts: `awsgluedq.transforms.EvaluateDataQuality`. The rules are evaluated by the server."""
