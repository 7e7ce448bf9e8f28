package tarn.glue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.connector.read.streaming.Offset;

/**
 * How far each shard has been read. Values: the last sequence number, {@code TRIM_HORIZON}, {@code AT:milliseconds}, or
 * {@code CLOSED} for one that is read to its end. A shard that is not named has not begun.
 */
final class KinesisPosition extends Offset {
  static final String HORIZON = "TRIM_HORIZON";
  static final String CLOSED = "CLOSED";
  static final String AT = "AT:";
  /** What a shard that the stream gets later begins with. */
  static final String OTHERS = "*";
  private static final ObjectMapper JSON = new ObjectMapper();

  final TreeMap<String, String> shards;

  KinesisPosition(Map<String, String> shards) {
    this.shards = new TreeMap<>(shards);
  }

  static KinesisPosition of(String json) {
    try {
      return new KinesisPosition(JSON.readValue(json, new TypeReference<Map<String, String>>() {}));
    } catch (JsonProcessingException error) {
      throw new IllegalArgumentException("The checkpoint's position is not of this source: " + json, error);
    }
  }

  @Override
  public String json() {
    try {
      return JSON.writeValueAsString(shards);
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }
}
