package tarn.glue;

import com.amazonaws.auth.EnvironmentVariableCredentialsProvider;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.kinesis.AmazonKinesis;
import com.amazonaws.services.kinesis.AmazonKinesisClientBuilder;
import com.amazonaws.services.kinesis.model.GetRecordsRequest;
import com.amazonaws.services.kinesis.model.GetRecordsResult;
import com.amazonaws.services.kinesis.model.GetShardIteratorRequest;
import com.amazonaws.services.kinesis.model.ListShardsRequest;
import com.amazonaws.services.kinesis.model.ListShardsResult;
import com.amazonaws.services.kinesis.model.ProvisionedThroughputExceededException;
import com.amazonaws.services.kinesis.model.Record;
import com.amazonaws.services.kinesis.model.Shard;
import com.amazonaws.services.kinesis.model.ShardIteratorType;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.connector.read.streaming.Offset;
import org.apache.spark.sql.connector.read.streaming.ReadLimit;
import org.apache.spark.sql.connector.read.streaming.SupportsAdmissionControl;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * A stream read batch by batch on the driver.
 *
 * <p>Kinesis does not tell where a shard ends, so the driver reads a batch to know its last position, and keeps it
 * until Spark has it worked on. A batch that a crash interrupted is read again between the positions of the checkpoint:
 * the same records, as long as the stream keeps them. A shard is begun once those that it came from are read to their
 * end.
 */
final class KinesisStream implements MicroBatchStream, SupportsAdmissionControl {
  private static final int RECORDS_PER_BATCH_MAX = 50_000;
  private static final long BYTES_PER_BATCH_MAX = 64L << 20;
  private static final int RECORDS_PER_CALL = 10_000;
  private static final int EMPTY_CALLS_MAX = 5;
  private static final long THROTTLED_MILLISECONDS = 250;

  private final AmazonKinesis client;
  private final String checkpoint;
  private final String name;
  private final String begin;
  private final int recordsMax;

  /** The batch that was read to find its end: its bounds and the records by shard. */
  private String readFrom;
  private KinesisPosition readTo;
  private Map<String, List<KinesisRecord>> read = Map.of();

  KinesisStream(CaseInsensitiveStringMap options, String checkpoint) {
    this.checkpoint = checkpoint;
    String arn = options.get("streamARN");
    name = options.containsKey("streamName") ? options.get("streamName")
        : arn == null ? null : arn.substring(arn.lastIndexOf('/') + 1);
    if (name == null || name.isEmpty()) {
      throw new IllegalArgumentException("A Kinesis source needs streamName or streamARN");
    }
    begin = beginning(options.getOrDefault("startingPosition", "latest"));
    recordsMax = options.getInt("maxRecordsPerBatch", RECORDS_PER_BATCH_MAX);
    String region = options.getOrDefault("region", System.getenv().getOrDefault("AWS_REGION", "us-east-1"));
    String address = options.getOrDefault("endpointUrl",
        System.getenv().getOrDefault("AWS_ENDPOINT_URL_KINESIS", System.getenv("AWS_ENDPOINT_URL")));
    AmazonKinesisClientBuilder builder =
        AmazonKinesisClientBuilder.standard().withCredentials(new EnvironmentVariableCredentialsProvider());
    client = (address == null ? builder.withRegion(region)
        : builder.withEndpointConfiguration(new EndpointConfiguration(address, region))).build();
  }

  private static String beginning(String text) {
    switch (text.toLowerCase(Locale.ROOT)) {
      case "trim_horizon":
      case "earliest":
        return KinesisPosition.HORIZON;
      case "latest":
        // A time, not Kinesis's LATEST: what arrives before the first batch is asked for is not lost.
        return KinesisPosition.AT + System.currentTimeMillis();
      default:
        return KinesisPosition.AT + Instant.parse(text).toEpochMilli();
    }
  }

  /**
   * Where the query begins, noted beside its checkpoint: a process that dies in the first batch begins there again, and
   * not at a later "latest".
   */
  @Override
  public Offset initialOffset() {
    Path note = new Path(checkpoint, "start.json");
    try {
      FileSystem files = note.getFileSystem(SparkSession.active().sessionState().newHadoopConf());
      try (FSDataInputStream in = files.open(note)) {
        return KinesisPosition.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } catch (FileNotFoundException first) {
        KinesisPosition start = start();
        try (FSDataOutputStream out = files.create(note, true)) {
          out.write(start.json().getBytes(StandardCharsets.UTF_8));
        }
        return start;
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private KinesisPosition start() {
    Map<String, String> start = new TreeMap<>();
    for (Shard shard : shards()) {
      start.put(shard.getShardId(), begin);
    }
    start.put(KinesisPosition.OTHERS, KinesisPosition.HORIZON);
    return new KinesisPosition(start);
  }

  @Override
  public Offset deserializeOffset(String json) {
    return KinesisPosition.of(json);
  }

  @Override
  public ReadLimit getDefaultReadLimit() {
    return ReadLimit.allAvailable();
  }

  /** The latest offset is the end of what this call reads after {@code start}. */
  @Override
  public Offset latestOffset(Offset start, ReadLimit limit) {
    return advance((KinesisPosition) start);
  }

  @Override
  public Offset latestOffset() {
    throw new UnsupportedOperationException("Spark asks with the position that it is at");
  }

  private KinesisPosition advance(KinesisPosition from) {
    Map<String, String> to = new LinkedHashMap<>(from.shards);
    Map<String, List<KinesisRecord>> found = new HashMap<>();
    List<Shard> shards = shards();
    int left = recordsMax;
    long bytesLeft = BYTES_PER_BATCH_MAX;
    for (Shard shard : shards) {
      String id = shard.getShardId();
      String at = to.getOrDefault(id, KinesisPosition.HORIZON);
      if (KinesisPosition.CLOSED.equals(at) || left <= 0 || bytesLeft <= 0 || !parentsAreRead(shard, shards, to)) {
        continue;
      }
      List<KinesisRecord> records = new ArrayList<>();
      to.put(id, readShard(id, at, null, left, bytesLeft, records));
      left -= records.size();
      for (KinesisRecord record : records) {
        bytesLeft -= record.data.length;
      }
      found.put(id, records);
    }
    readFrom = from.json();
    readTo = new KinesisPosition(to);
    read = found;
    return readTo;
  }

  private static boolean parentsAreRead(Shard shard, List<Shard> shards, Map<String, String> to) {
    for (Shard other : shards) {
      boolean isParent = other.getShardId().equals(shard.getParentShardId())
          || other.getShardId().equals(shard.getAdjacentParentShardId());
      if (isParent && !KinesisPosition.CLOSED.equals(to.getOrDefault(other.getShardId(), KinesisPosition.HORIZON))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public InputPartition[] planInputPartitions(Offset start, Offset end) {
    KinesisPosition from = (KinesisPosition) start;
    KinesisPosition to = (KinesisPosition) end;
    Map<String, List<KinesisRecord>> records =
        readTo != null && readTo.json().equals(to.json()) && from.json().equals(readFrom) ? read : again(from, to);
    List<InputPartition> partitions = new ArrayList<>();
    records.forEach((shard, some) -> {
      if (!some.isEmpty()) {
        partitions.add(new KinesisRecord.Batch(name, shard, some.toArray(new KinesisRecord[0])));
      }
    });
    return partitions.toArray(new InputPartition[0]);
  }

  /** A batch of an earlier process, between its two positions. */
  private Map<String, List<KinesisRecord>> again(KinesisPosition from, KinesisPosition to) {
    Map<String, List<KinesisRecord>> found = new HashMap<>();
    to.shards.forEach((id, end) -> {
      String at = from.shards.getOrDefault(id, KinesisPosition.HORIZON);
      boolean isSame = at.equals(end) || id.equals(KinesisPosition.OTHERS) || end.startsWith(KinesisPosition.AT)
          || end.equals(KinesisPosition.HORIZON);
      if (!isSame) {
        List<KinesisRecord> records = new ArrayList<>();
        readShard(id, at, end, Integer.MAX_VALUE, Long.MAX_VALUE, records);
        found.put(id, records);
      }
    });
    return found;
  }

  /** Reads a shard from a position, to another one (or as far as there is), and gives the position that it came to. */
  private String readShard(
      String id, String from, String end, int recordsLeft, long bytesLeft, List<KinesisRecord> records) {
    BigInteger last = end == null || KinesisPosition.CLOSED.equals(end) ? null : new BigInteger(end);
    String iterator = iterator(id, from);
    String at = from;
    long bytes = 0;
    int emptyCalls = 0;
    while (iterator != null && records.size() < recordsLeft && bytes < bytesLeft) {
      GetRecordsResult page = records(iterator, Math.min(RECORDS_PER_CALL, recordsLeft - records.size()));
      for (Record record : page.getRecords()) {
        if (last != null && new BigInteger(record.getSequenceNumber()).compareTo(last) > 0) {
          return end;
        }
        KinesisRecord taken = new KinesisRecord(record);
        records.add(taken);
        bytes += taken.data.length;
        at = record.getSequenceNumber();
      }
      if (last != null && at.equals(end)) {
        return end;
      }
      iterator = page.getNextShardIterator();
      emptyCalls = page.getRecords().isEmpty() ? emptyCalls + 1 : 0;
      boolean isAtTip = page.getMillisBehindLatest() != null && page.getMillisBehindLatest() == 0;
      if (iterator != null && page.getRecords().isEmpty() && (isAtTip || emptyCalls >= EMPTY_CALLS_MAX)) {
        return at;
      }
    }
    return iterator == null ? KinesisPosition.CLOSED : at;
  }

  private String iterator(String id, String from) {
    GetShardIteratorRequest request = new GetShardIteratorRequest().withStreamName(name).withShardId(id);
    if (from.equals(KinesisPosition.HORIZON)) {
      request.setShardIteratorType(ShardIteratorType.TRIM_HORIZON);
    } else if (from.startsWith(KinesisPosition.AT)) {
      request.setShardIteratorType(ShardIteratorType.AT_TIMESTAMP);
      request.setTimestamp(new Date(Long.parseLong(from.substring(KinesisPosition.AT.length()))));
    } else {
      request.setShardIteratorType(ShardIteratorType.AFTER_SEQUENCE_NUMBER);
      request.setStartingSequenceNumber(from);
    }
    return client.getShardIterator(request).getShardIterator();
  }

  private GetRecordsResult records(String iterator, int limit) {
    while (true) {
      try {
        return client.getRecords(new GetRecordsRequest().withShardIterator(iterator).withLimit(limit));
      } catch (ProvisionedThroughputExceededException busy) {
        // Five reads a second and shard, of all readers together: there is nothing to wait for but time.
        try {
          Thread.sleep(THROTTLED_MILLISECONDS);
        } catch (InterruptedException stopped) {
          Thread.currentThread().interrupt();
          throw busy;
        }
      }
    }
  }

  private List<Shard> shards() {
    List<Shard> shards = new ArrayList<>();
    ListShardsRequest request = new ListShardsRequest().withStreamName(name);
    while (true) {
      ListShardsResult page = client.listShards(request);
      shards.addAll(page.getShards());
      if (page.getNextToken() == null) {
        return shards;
      }
      request = new ListShardsRequest().withNextToken(page.getNextToken());
    }
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    return new KinesisRecord.Factory();
  }

  @Override
  public void commit(Offset end) {
    // Kinesis keeps no position of its readers: the checkpoint is Spark's.
  }

  @Override
  public void stop() {
    client.shutdown();
  }
}
