package tarn.glue;

import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * Kinesis as a source of Spark's structured streaming: {@code spark.readStream.format("tarn.glue.KinesisSource")}.
 *
 * <p>Options: {@code streamName} or {@code streamARN}, {@code startingPosition} ({@code latest}, {@code trim_horizon},
 * {@code earliest} or a time in ISO 8601), {@code maxRecordsPerBatch}, {@code region}, {@code endpointUrl}.
 */
public final class KinesisSource implements TableProvider {
  static final StructType FORM = new StructType()
      .add("data", DataTypes.BinaryType)
      .add("streamName", DataTypes.StringType)
      .add("partitionKey", DataTypes.StringType)
      .add("sequenceNumber", DataTypes.StringType)
      .add("shardId", DataTypes.StringType)
      .add("approximateArrivalTimestamp", DataTypes.TimestampType);

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return FORM;
  }

  @Override
  public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> properties) {
    return new Stream();
  }

  private static final class Stream implements Table, SupportsRead {
    @Override
    public String name() {
      return "kinesis";
    }

    @Override
    public StructType schema() {
      return FORM;
    }

    @Override
    public Set<TableCapability> capabilities() {
      return Set.of(TableCapability.MICRO_BATCH_READ);
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
      Scan scan = new Scan() {
        @Override
        public StructType readSchema() {
          return FORM;
        }

        @Override
        public MicroBatchStream toMicroBatchStream(String checkpoint) {
          return new KinesisStream(options, checkpoint);
        }
      };
      return () -> scan;
    }
  }
}
