package tarn.glue;

import com.amazonaws.services.kinesis.model.Record;
import java.io.Serializable;
import java.nio.ByteBuffer;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.unsafe.types.UTF8String;

/** A record on its way from the driver, which read it, to the task that works on it. */
final class KinesisRecord implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final long MICROSECONDS_PER_MILLISECOND = 1000L;

  final byte[] data;
  final String partitionKey;
  final String sequenceNumber;
  final long arrivedMilliseconds;

  KinesisRecord(Record record) {
    ByteBuffer buffer = record.getData().duplicate();
    data = new byte[buffer.remaining()];
    buffer.get(data);
    partitionKey = record.getPartitionKey();
    sequenceNumber = record.getSequenceNumber();
    arrivedMilliseconds = record.getApproximateArrivalTimestamp().getTime();
  }

  /** One shard's records of a batch. */
  static final class Batch implements InputPartition {
    private static final long serialVersionUID = 1L;
    final String stream;
    final String shard;
    final KinesisRecord[] records;

    Batch(String stream, String shard, KinesisRecord[] records) {
      this.stream = stream;
      this.shard = shard;
      this.records = records;
    }
  }

  /** Makes rows of a batch. */
  static final class Factory implements PartitionReaderFactory {
    private static final long serialVersionUID = 1L;

    @Override
    public PartitionReader<InternalRow> createReader(InputPartition partition) {
      Batch batch = (Batch) partition;
      return new PartitionReader<>() {
        private int next = -1;

        @Override
        public boolean next() {
          next++;
          return next < batch.records.length;
        }

        @Override
        public InternalRow get() {
          KinesisRecord record = batch.records[next];
          return new GenericInternalRow(new Object[] {
            record.data, UTF8String.fromString(batch.stream), UTF8String.fromString(record.partitionKey),
            UTF8String.fromString(record.sequenceNumber), UTF8String.fromString(batch.shard),
            record.arrivedMilliseconds * MICROSECONDS_PER_MILLISECOND});
        }

        @Override
        public void close() {
          // Everything is in memory.
        }
      };
    }
  }
}
