"""dbt-redshift with a small project: seeds, incremental models, snapshots and tests.

dbt wants versions of its own, so it lives in an environment of its own: `.deps/dbt`
(`python3 -m venv .deps/dbt && .deps/dbt/bin/pip install dbt-core==1.9.11 dbt-redshift==1.9.5`).
"""

import json
import os
import pathlib
import subprocess
import uuid

import psycopg2
import pytest

from redshift_house import Cluster

DBT = pathlib.Path(__file__).resolve().parents[2] / ".deps/dbt/bin/dbt"

FILES = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nconfig-version: 2\nprofile: shop\n",
    "profiles.yml": """
shop:
  target: dev
  outputs:
    dev:
      type: redshift
      host: HOST
      port: PORT
      user: USER
      password: PASSWORD
      dbname: dev
      schema: analytics
      sslmode: disable
      threads: 2
""",
    "seeds/people.csv": "id,name,amount\n1,ada,10\n2,bob,20\n3,cy,30\n",
    "models/stage.sql": "select id, name, amount * 2 as doubled from {{ ref('people') }}\n",
    "models/facts.sql": """
{{ config(materialized='incremental', unique_key='id', sort='id', dist='id') }}
select id, doubled from {{ ref('stage') }}
{% if is_incremental() %} where id >= (select max(id) from {{ this }}) {% endif %}
""",
    "models/merged.sql": """
{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge') }}
select id, name from {{ ref('people') }}
""",
    "models/replaced.sql": """
{{ config(materialized='incremental', unique_key='id', incremental_strategy='delete+insert',
          on_schema_change='append_new_columns') }}
select id, amount from {{ ref('people') }}
""",
    "models/appended.sql": """
{{ config(materialized='incremental', incremental_strategy='append') }}
select count(*) as people from {{ ref('people') }}
""",
    "models/late.sql": "{{ config(bind=False) }} select * from {{ ref('facts') }}\n",
    "models/kept.sql": """
{{ config(materialized='materialized_view', auto_refresh=False, sort='id') }}
select id, amount from {{ ref('people') }}
""",
    "models/schema.yml": """
models:
  - name: facts
    description: what is known
    config: {persist_docs: {relation: true, columns: true}}
    columns:
      - {name: doubled, description: twice the amount}
  - name: stage
    columns:
      - name: id
        data_tests: [unique, not_null]
""",
    "snapshots/history.sql": """
{% snapshot history %}
{{ config(target_schema='analytics', unique_key='id', strategy='check', check_cols=['name']) }}
select id, name from {{ ref('people') }}
{% endsnapshot %}
""",
}


@pytest.fixture(scope="module")
def cluster(tarn):
    cluster = Cluster(tarn, f"dbt-{uuid.uuid4().hex[:8]}")
    yield cluster
    cluster.delete()


@pytest.mark.skipif(not DBT.exists(), reason="dbt is not installed (.deps/dbt)")
def test_a_project(cluster, tmp_path):
    for name, text in FILES.items():
        for mark, value in {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}.items():
            text = text.replace(f": {mark}\n", f": {cluster.login[value]}\n")
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def dbt(*arguments):
        done = subprocess.run(
            [str(DBT), *arguments, "--profiles-dir", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            env=os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        )
        assert done.returncode == 0, done.stdout[-4000:]

    def rows(query):
        with psycopg2.connect(dbname="dev", **cluster.login) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    dbt("seed")
    dbt("run")
    dbt("snapshot")
    dbt("test")
    assert rows("select * from analytics.facts order by id") == [(1, 20), (2, 40), (3, 60)]
    (tmp_path / "seeds/people.csv").write_text("id,name,amount\n1,ada,10\n2,bea,20\n3,cy,35\n4,dan,40\n")
    dbt("seed")
    dbt("run")
    dbt("snapshot")
    assert rows("select * from analytics.facts order by id") == [(1, 20), (2, 40), (3, 70), (4, 80)]
    assert rows("select count(*) from analytics.history where dbt_valid_to is not null") == [(1,)]
    assert rows("select * from analytics.merged order by id") == [(1, "ada"), (2, "bea"), (3, "cy"), (4, "dan")]
    assert rows("select * from analytics.replaced order by id") == [(1, 10), (2, 20), (3, 35), (4, 40)]
    assert rows("select * from analytics.appended order by 1") == [(3,), (4,)]
    assert rows("select count(*) from analytics.late") == [(4,)]
    assert rows("select * from analytics.kept order by id") == [(1, 10), (2, 20), (3, 35), (4, 40)]
    # A column that came later.
    (tmp_path / "models/replaced.sql").write_text(
        FILES["models/replaced.sql"].replace("id, amount", "id, amount, name")
    )
    dbt("run", "--select", "replaced")
    assert rows("select id, name from analytics.replaced order by id")[-1] == (4, "dan")
    dbt("run", "--full-refresh", "--select", "facts")
    dbt("docs", "generate")
    catalog = json.loads((tmp_path / "target/catalog.json").read_text())
    facts = catalog["nodes"]["model.shop.facts"]
    assert list(facts["columns"]) == ["id", "doubled"]
    assert facts["columns"]["doubled"]["comment"] == "twice the amount"
