"""Nonsense in every member of every operation of Redshift's three services ends the call, never the server."""

import random

import pytest
from botocore.exceptions import ClientError, ParamValidationError

TEXTS = ["", " ", "a", "x" * 5_000, "é\n", "arn:aws:redshift:us-east-1:000000000000:cluster:", "-1", "%", ":a"]
NUMBERS = [0, -1, 1, 7, 2**31 - 1, -(2**31)]
DRAWS = 6
SEED = 20261121


def nonsense(shape, draw, depth=0):
    kind = shape.type_name
    if kind == "structure":
        chosen = [n for n in shape.members if n in shape.required_members or draw.random() < 0.5]
        return {name: nonsense(shape.members[name], draw, depth + 1) for name in chosen} if depth < 6 else {}
    if kind == "list":
        return [nonsense(shape.member, draw, depth + 1) for _ in range(draw.choice([0, 1, 3]))]
    if kind == "map":
        return {}
    if kind == "boolean":
        return draw.random() < 0.5
    if kind in ("integer", "long"):
        return draw.choice(NUMBERS + ([2**63 - 1, -(2**63)] if kind == "long" else []))
    if kind in ("double", "float"):
        return draw.choice([0.0, -1.5, 1e300])
    if kind == "timestamp":
        return draw.choice([0, 1, 4_102_444_800])
    return draw.choice(shape.enum) if getattr(shape, "enum", None) and draw.random() < 0.8 else draw.choice(TEXTS)


@pytest.mark.parametrize("service", ["redshift", "redshift-serverless", "redshift-data"])
def test_nonsense_ends_the_call(fresh_tarn, service):
    tarn = fresh_tarn()
    client = tarn.client(service, parameter_validation=False, read_timeout=30)
    draw = random.Random(SEED)
    model = client.meta.service_model
    failed = []
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        method = getattr(client, next(m for m, o in client.meta.method_to_api_mapping.items() if o == operation))
        for _ in range(DRAWS):
            given = nonsense(shape, draw) if shape else {}
            try:
                method(**given)
            except ParamValidationError:
                continue
            except ClientError as error:
                answer = error.response
                if answer["ResponseMetadata"]["HTTPStatusCode"] == 500:
                    failed.append((operation, given, answer["Error"]))
            assert tarn.process.poll() is None, (operation, given, tarn.log_text()[-2000:])
    assert failed == []
