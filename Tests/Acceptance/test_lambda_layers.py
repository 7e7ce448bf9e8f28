"""Layers: versions, rights, and what functions find of them."""

import base64
import hashlib
import io
import json
import shutil
import zipfile

import pytest
from test_lambda import ACCOUNT, PYTHON, House, bundle, refused


def archive(**members):
    """`python__shared_py="…"` is the file python/shared.py."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members.items():
            path = name.replace("__", "/")
            head, dot, ending = path.rpartition("_")
            info = zipfile.ZipInfo(f"{head}.{ending}" if ending in ("py", "js", "txt") else path)
            info.create_system, info.external_attr = 3, 0o755 << 16
            made.writestr(info, text)
    return out.getvalue()


@pytest.fixture
def house(tarn, unique):
    return House(tarn, unique)


def publish(house, content, name=None, **options):
    return house.lam.publish_layer_version(
        LayerName=name or house.unique("layer"), Content={"ZipFile": content}, **options)


def test_life_of_a_layer(house):
    name, content = house.unique("layer"), archive(python__shared_py="NAME = 'one'")
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:{name}"
    first = publish(house, content, name, Description="d", CompatibleRuntimes=[PYTHON], LicenseInfo="MIT")
    assert (first["LayerArn"], first["LayerVersionArn"], first["Version"]) == (arn, f"{arn}:1", 1)
    assert first["Content"]["CodeSize"] == len(content)
    assert first["Content"]["CodeSha256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert (first["Description"], first["LicenseInfo"], first["CompatibleRuntimes"]) == ("d", "MIT", [PYTHON])
    second = publish(house, archive(python__shared_py="NAME = 'two'"), name)
    assert second["Version"] == 2
    got = house.lam.get_layer_version(LayerName=name, VersionNumber=1)
    assert {key: got[key] for key in ("LayerVersionArn", "Content", "CreatedDate")} == {
        key: first[key] for key in ("LayerVersionArn", "Content", "CreatedDate")}
    assert house.lam.get_layer_version_by_arn(Arn=f"{arn}:2")["Version"] == 2
    assert [one["Version"] for one in house.lam.list_layer_versions(LayerName=arn)["LayerVersions"]] == [2, 1]
    latest = {one["LayerName"]: one["LatestMatchingVersion"]["Version"] for one in house.lam.list_layers()["Layers"]}
    assert latest[name] == 2
    fitting = house.lam.list_layers(CompatibleRuntime=PYTHON)["Layers"]
    assert [one["LatestMatchingVersion"]["Version"] for one in fitting if one["LayerName"] == name] == [1]

    house.lam.delete_layer_version(LayerName=name, VersionNumber=2)
    house.lam.delete_layer_version(LayerName=name, VersionNumber=2)
    assert refused(house.lam.get_layer_version, LayerName=name, VersionNumber=2)[0] == "ResourceNotFoundException"
    # A number is never given twice.
    assert publish(house, content, name)["Version"] == 3


def test_functions_find_their_layers(house):
    base = publish(house, archive(python__shared_py="NAME = 'base'", python__only_py="X = 1", bin__tool="#!/bin/sh\necho tool", data_txt="d"))
    top = publish(house, archive(python__shared_py="NAME = 'top'"))
    name = house.make("""
import os, subprocess, shared, only
def handler(e, c):
    return [shared.NAME, only.X, subprocess.check_output(["tool"]).decode().strip(),
            open(os.environ["TARN_LAYERS_ROOT"] + "/data.txt").read()]
""", Layers=[base["LayerVersionArn"], top["LayerVersionArn"]], Timeout=30)
    shown = house.lam.get_function_configuration(FunctionName=name)["Layers"]
    assert shown == [{"Arn": one["LayerVersionArn"], "CodeSize": one["Content"]["CodeSize"]} for one in (base, top)]
    assert house.call(name)[1] == ["top", 1, "tool", "d"]
    # A published version keeps its layers, and a function keeps one whose version was deleted.
    version = house.lam.publish_version(FunctionName=name)["Version"]
    house.lam.update_function_configuration(FunctionName=name, Layers=[base["LayerVersionArn"]])
    assert house.call(name)[1][0] == "base"
    for one in (base, top):
        house.lam.delete_layer_version(LayerName=one["LayerArn"], VersionNumber=1)
    house.lam.update_function_configuration(FunctionName=name, Description="new sandbox")
    assert house.call(name)[1][0] == "base"
    assert house.call(name, Qualifier=version)[1][0] == "top"
    house.lam.update_function_configuration(FunctionName=name, Layers=[])
    assert "Layers" not in house.lam.get_function_configuration(FunctionName=name)
    assert house.call(name)[1]["errorType"] == "Runtime.ImportModuleError"


def test_a_later_layer_takes_the_place_of_an_earlier_one(house):
    file, folder = publish(house, archive(python__x="a file")), publish(house, archive(python__x__y_txt="within"))
    source = """
import os
def handler(e, c):
    path = os.environ["TARN_LAYERS_ROOT"] + "/python/x"
    return os.listdir(path) if os.path.isdir(path) else open(path).read()
"""
    arns = [file["LayerVersionArn"], folder["LayerVersionArn"]]
    assert house.call(house.make(source, Layers=arns))[1] == ["y.txt"]
    assert house.call(house.make(source, Layers=arns[::-1]))[1] == "a file"


def test_layers_are_not_written_to(house):
    if str(house.tarn.data).startswith("/tmp/"):
        pytest.skip("functions may write below /tmp, where the data folder lies")
    layer = publish(house, archive(python__shared_py="NAME = 'one'"))
    name = house.make("""
import os, shared
def handler(e, c):
    open(os.path.join(os.environ["TARN_LAYERS_ROOT"], "python", "shared.py"), "w")
""", Layers=[layer["LayerVersionArn"]])
    assert house.call(name)[1]["errorType"] in ("PermissionError", "OSError")


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
def test_node_modules_of_a_layer(house):
    import subprocess

    major = subprocess.check_output(["node", "--version"]).decode().strip("v\n").split(".")[0]
    layer = publish(house, archive(nodejs__node_modules__shared__index_js="exports.name = 'layer';"))
    name = house.make(
        bundle(index_js="const shared = require('shared');\nexports.handler = async () => shared.name;"),
        handler="index.handler", runtime=f"nodejs{major}.x", Layers=[layer["LayerVersionArn"]], Timeout=30)
    assert house.call(name)[1] == "layer"


def test_a_runtime_in_a_layer(house):
    bootstrap = """#!/bin/sh
while true; do
  id=$(curl -sS -D - -o /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" \
    | tr -d '\\r' | awk 'tolower($1)=="lambda-runtime-aws-request-id:"{print $2}')
  curl -sS -o /dev/null -d '"from a layer"' "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
done
"""
    layer = publish(house, archive(bootstrap=bootstrap))
    name = house.make(bundle(note_txt="x"), runtime="provided.al2023", handler="any", Layers=[layer["LayerVersionArn"]], Timeout=30)
    assert house.call(name)[1] == "from a layer"


def test_layers_that_are_refused(house):
    layer = publish(house, archive(python__shared_py="x = 1"))
    arn, name = layer["LayerVersionArn"], layer["LayerArn"].rsplit(":", 1)[1]
    second = publish(house, archive(python__shared_py="x = 2"), name)["LayerVersionArn"]
    good = {"Runtime": PYTHON, "Role": house.role_arn, "Handler": "app.handler", "Code": {"ZipFile": bundle(app_py="")}}

    def create(*layers):
        return refused(house.lam.create_function, **{"FunctionName": house.unique("no"), "Layers": list(layers)} | good)

    assert create(f"{arn[:-2]}:9") == ("InvalidParameterValueException", f"Layer version {arn[:-2]}:9 does not exist.")
    assert create(arn, second)[1].startswith("Two different versions of the same layer")
    assert create(layer["LayerArn"])[0] in ("InvalidParameterValueException", "ValidationException")
    many = [publish(house, archive(a_txt="x"))["LayerVersionArn"] for _ in range(6)]
    assert create(*many)[0] == "InvalidParameterValueException"
    assert create(arn.replace(ACCOUNT, "111122223333"))[0] == "AccessDeniedException"
    assert refused(publish, house=house, content=b"no zip", name=name)[0] == "InvalidParameterValueException"
    assert refused(publish, house=house, content=b"", name=name)[0] == "InvalidParameterValueException"
    assert refused(house.lam.get_layer_version, LayerName=name, VersionNumber=77)[0] == "ResourceNotFoundException"
    assert house.lam.list_layer_versions(LayerName="nobody-made-it")["LayerVersions"] == []


def test_who_may_use_a_layer(fresh_tarn, unique):
    tarn = fresh_tarn("--account", "111122223333:other:secret")
    house = House(tarn, unique)
    layer = publish(house, archive(python__shared_py="x = 1"))
    arn = layer["LayerVersionArn"]
    other = tarn.client("lambda", "other", "secret")
    assert refused(other.get_layer_version_by_arn, Arn=arn)[0] == "AccessDeniedException"
    said = house.lam.add_layer_version_permission(
        LayerName=layer["LayerArn"], VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion", Principal="111122223333")
    statement = json.loads(said["Statement"])
    assert (statement["Resource"], statement["Principal"]) == (arn, {"AWS": "arn:aws:iam::111122223333:root"})
    assert other.get_layer_version_by_arn(Arn=arn)["LayerVersionArn"] == arn
    assert refused(
        house.lam.add_layer_version_permission, LayerName=layer["LayerArn"], VersionNumber=1, StatementId="s",
        Action="lambda:GetLayerVersion", Principal="*")[0] == "ResourceConflictException"
    policy = house.lam.get_layer_version_policy(LayerName=layer["LayerArn"], VersionNumber=1)
    assert [one["Sid"] for one in json.loads(policy["Policy"])["Statement"]] == ["s"] and policy["RevisionId"] == said["RevisionId"]
    house.lam.remove_layer_version_permission(LayerName=layer["LayerArn"], VersionNumber=1, StatementId="s")
    assert refused(other.get_layer_version_by_arn, Arn=arn)[0] == "AccessDeniedException"
    assert refused(house.lam.get_layer_version_policy, LayerName=layer["LayerArn"], VersionNumber=1)[0] == "ResourceNotFoundException"


def test_layers_outlive_a_kill(fresh_tarn, unique):
    tarn = fresh_tarn()
    house = House(tarn, unique)
    layer = publish(house, archive(python__shared_py="NAME = 'kept'"))
    name = house.make("import shared\ndef handler(e, c): return shared.NAME", Layers=[layer["LayerVersionArn"]])
    house.lam.delete_layer_version(LayerName=layer["LayerArn"], VersionNumber=1)
    tarn.kill()
    tarn.start()
    house.again()
    assert house.call(name)[1] == "kept"
