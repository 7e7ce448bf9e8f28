export EVENT_COUNT="50000"
.venv/bin/python - <<'PY'
import datetime as dt
import json
import os
import random
import time
import uuid
import boto3

region = os.environ.get("AWS_REGION", "us-east-1")
stream_name = os.environ["STREAM_NAME"]
event_count = int(os.environ.get("EVENT_COUNT", "50000"))
batch_size = 500
kinesis = boto3.client("kinesis", region_name=region)
event_types = ["view", "click", "checkout", "refund"]
tenant_ids = [f"tenant-{i:03d}" for i in range(1, 9)]
device_ids = [f"device-{i:05d}" for i in range(1, 801)]
start = dt.datetime.now(dt.UTC).replace(microsecond=0)

def make_event(index: int) -> dict[str, object]:
    timestamp = start + dt.timedelta(milliseconds=index * 25)
    tenant_id = random.choice(tenant_ids)
    device_id = random.choice(device_ids)
    return {
        "event_id": str(uuid.uuid4()),
        "ts": timestamp.strftime("%Y-%m-%d %H:%M:%S"),
        "tenant_id": tenant_id,
        "device_id": device_id,
        "event_type": random.choice(event_types),
        "amount": round(random.uniform(1.0, 250.0), 2),
    }

def put_batch(records: list[dict[str, object]]) -> None:
    request_records = [
        {
            "Data": json.dumps(record, separators=(",", ":")).encode("utf-8"),
            "PartitionKey": record["device_id"],
        }
        for record in records
    ]
    while request_records:
        response = kinesis.put_records(
            StreamName=stream_name,
            Records=request_records,
        )
        failed = response.get("FailedRecordCount", 0)
        if not failed:
            return
        retry_records = []
        for original, result in zip(request_records, response["Records"], strict=True):
            if "ErrorCode" in result:
                retry_records.append(original)
        request_records = retry_records
        time.sleep(0.5)

buffer: list[dict[str, object]] = []
for index in range(event_count):
    buffer.append(make_event(index))
    if len(buffer) == batch_size:
        put_batch(buffer)
        buffer.clear()
if buffer:
    put_batch(buffer)
print(f"sent {event_count} events to {stream_name} in {region}")
PY
