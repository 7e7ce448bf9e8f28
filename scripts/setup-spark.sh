#!/usr/bin/env bash
# Brings what Glue's Spark jobs run on into .deps/spark: Java, Spark, S3A, the libraries that a script may import, our
# own few Java classes, and an archive of loaded classes that halves the time a JVM takes to start.
# Safe to run at any time; a run with nothing to do ends at once. Needs the network only for what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# --- pins: a new version is a new line here, with its checksum --------------------------------------------------
pyspark_version=3.5.9 # the 3.5 line is Glue 5's
pyspark_sha256=ea27adc39ddac9413b8951e45aa748cbed6c785971b81386efc41938f6243d93
sagemaker_version=1.4.5 # carries hadoop-aws 3.3.1 and its SDK bundle, which fit this Spark's Hadoop 3.3.4
sagemaker_sha256=05ca2d5081d7138ce29a8fb0a9cba077f28c825288ed07aed46a82e63c0bf1fb
hadoop_aws=hadoop-aws-3.3.1.jar
hadoop_aws_bundle=aws-java-sdk-bundle-1.11.901.jar
packages=(openjdk-17-jdk-headless)
requirements=Runtime/glue/requirements.txt
home=.deps/spark

sum() { cksum | cut -d' ' -f1; }
parts_stamp=.deps/stamps/spark-$(cat "$requirements" <(echo "$pyspark_sha256 $sagemaker_sha256") | sum)
java_sources=(Runtime/glue/java/tarn/glue/*.java Runtime/glue/java/META-INF/services/* Runtime/glue/java/{train.py,log4j2.properties})
java_stamp=.deps/stamps/spark-java-$(cat "${java_sources[@]}" \
  <(echo /usr/share/java/postgresql.jar* "$parts_stamp $PWD $(readlink -f "$(command -v java || true)")") | sum)
[ -e "$parts_stamp" ] && [ -e "$java_stamp" ] && [ -x "$home/venv/bin/python" ] && exit 0

# --- telling ----------------------------------------------------------------------------------------------------
say() { printf 'set-up: %s\n' "$*" >&2; }
fail() {
  printf '\nset-up failed: %s\n' "$1" >&2
  printf 'What to do: %s\n' "$2" >&2
  exit 1
}
mkdir -p .deps/stamps "$home"
exec 9>.deps/lock-spark
flock -w 1800 9 || fail "another set-up has been running for 30 minutes" "end it, then run this again."
[ -e "$parts_stamp" ] && [ -e "$java_stamp" ] && [ -x "$home/venv/bin/python" ] && exit 0

# --- 1: Java ----------------------------------------------------------------------------------------------------
if ! command -v java >/dev/null || ! command -v javac >/dev/null; then
  say "[1/4] installing ${packages[*]} (apt-get)"
  command -v apt-get >/dev/null || fail "there is no Java 17 (java, javac)" "install a JDK 17 and put it on the PATH."
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  install_packages() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"
  }
  # The package lists may be absent or old: refresh them when the first try does not do.
  { install_packages || { "${as_root[@]}" apt-get update && install_packages; }; } >.deps/log-spark 2>&1 || {
    tail -n 10 .deps/log-spark >&2
    fail "apt-get could not install ${packages[*]}" "install a JDK 17 and put java and javac on the PATH."
  }
else
  say "[1/4] Java is there"
fi
release=$(java -version 2>&1 | sed -nE 's/.*version "([0-9]+).*/\1/p' | head -n 1)
[ "${release:-0}" -ge 17 ] ||
  fail "java is version ${release:-unknown}" "put Java 17 first on the PATH: Spark 3.5 runs on it."

# --- 2 and 3: Spark, S3A, Python's libraries ---------------------------------------------------------------------
if [ ! -e "$parts_stamp" ] || [ ! -x "$home/venv/bin/python" ]; then
  rm -rf "$home"
  rm -f .deps/stamps/spark-*
  mkdir -p "$home/work" "$home/jars"
  network="check the network and pip's index (PIP_INDEX_URL, PIP_CERT, https_proxy), then run this again."

  say "[2/4] Python's libraries for scripts (about 100 MB, once)"
  python3 -m venv "$home/venv" || fail "python3 cannot make a virtual environment" "apt-get install python3-venv"
  # numpy and pandas come as wheels: nothing is compiled here.
  "$home/venv/bin/python" -m pip --disable-pip-version-check install -q --only-binary=:all: -r "$requirements" \
    >.deps/log-spark 2>&1 || { tail -n 15 .deps/log-spark >&2; fail "pip could not install the libraries" "$network"; }

  get() { # get PACKAGE VERSION SHA256: a source archive, which pip asks for its metadata but does not build
    "$home/venv/bin/python" -m pip --disable-pip-version-check download -q --no-deps --no-binary="$1" \
      -d "$home/work" "$1==$2" >"$home/work/log" 2>&1 ||
      { tail -n 5 "$home/work/log" >&2; fail "$1 $2 could not be downloaded" "$network"; }
    archive=$(find "$home/work" -maxdepth 1 -name "*${1##*-}-$2.tar.gz")
    echo "$3  $archive" | sha256sum -c --quiet - >/dev/null 2>&1 ||
      fail "$archive is not the pinned file (checksum)" "look at the package index that pip uses (pip config list)."
  }
  say "[3/4] Spark $pyspark_version and S3A (500 MB, once)"
  get pyspark "$pyspark_version" "$pyspark_sha256"
  tar -xzf "$archive" -C "$home/work" --strip-components=1 --exclude='*/deps/examples' --exclude='*/deps/data'
  rm -f "$archive"
  # What Spark's own setup.py would lay out, without packing 300 MB into a wheel first.
  mv "$home/work/pyspark" "$home/pyspark"
  mv "$home/work"/deps/{jars,bin,sbin,licenses} "$home/pyspark/"
  chmod +x "$home/pyspark"/bin/* "$home/pyspark"/sbin/*
  packages_folder=$("$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
  echo "$PWD/$home" >"$packages_folder/tarn-spark.pth"
  # So that pip knows that pyspark is there when a script's modules ask for it.
  mkdir "$packages_folder/pyspark-$pyspark_version.dist-info"
  cp "$home/work/PKG-INFO" "$packages_folder/pyspark-$pyspark_version.dist-info/METADATA"
  echo tarn >"$packages_folder/pyspark-$pyspark_version.dist-info/INSTALLER"
  : >"$packages_folder/pyspark-$pyspark_version.dist-info/RECORD"

  get sagemaker-pyspark "$sagemaker_version" "$sagemaker_sha256"
  jars="sagemaker_pyspark-$sagemaker_version/deps/jars"
  tar -xzf "$archive" -C "$home/jars" --strip-components=3 "$jars/$hadoop_aws" "$jars/$hadoop_aws_bundle"
  rm -rf "$home/work"
  "$home/venv/bin/python" -m compileall -q "$home/pyspark" >/dev/null 2>&1 || true
  : >"$parts_stamp"
fi

# --- 4: our classes, and the archive ----------------------------------------------------------------------------
say "[4/4] Java classes and the class archive (about a minute, once)"
rm -rf "$home/classes" "$home/lib"
rm -f .deps/stamps/spark-java-*
mkdir -p "$home/classes" "$home/lib"
# PostgreSQL's driver, which Redshift's endpoints speak as well, where Debian's package is there: jobs do without.
[ -e /usr/share/java/postgresql.jar ] && cp -L /usr/share/java/postgresql.jar "$home/jars/"
javac -nowarn -Xlint:-options --release 17 -cp "$home/pyspark/jars/*:$home/jars/*" -d "$home/classes" \
  Runtime/glue/java/tarn/glue/*.java >.deps/log-spark 2>&1 ||
  { tail -n 20 .deps/log-spark >&2; fail "the Java classes did not compile" "report it with the lines above."; }
cp -r Runtime/glue/java/log4j2.properties Runtime/glue/java/META-INF "$home/classes/"
# A fixed time in the archive, so that equal classes make an equal file. Not every JDK has `jar`: Python packs.
"$home/venv/bin/python" - "$home/classes" "$home/lib/tarn-glue.jar" <<'PACK'
import pathlib, sys, zipfile
root = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as jar:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            jar.writestr(zipfile.ZipInfo(str(path.relative_to(root))), path.read_bytes(), zipfile.ZIP_DEFLATED)
PACK
rm -rf "$home/classes"
# Runs may not write here: their library is compiled beforehand.
"$home/venv/bin/python" -m compileall -q Runtime/glue/python >/dev/null 2>&1 || true
# Training: a session that touches what jobs touch. It must not fail a set-up: without the archive jobs start slower.
if ! PYTHONPATH=Runtime/glue/python "$home/venv/bin/python" Runtime/glue/java/train.py "$home" \
  >.deps/log-spark 2>&1; then
  tail -n 5 .deps/log-spark >&2
  say "the class archive could not be made (.deps/log-spark): jobs will start slower"
fi
: >"$java_stamp"
say "done"
