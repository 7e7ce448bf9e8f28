package tarn.glue;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.file.FileReader;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.mapred.FsInput;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.Function1;
import scala.Option;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;
import scala.collection.Seq;
import scala.reflect.ClassTag;
import scala.runtime.AbstractFunction1;

/**
 * Avro's object container files as a format of Spark's, by the name {@code avro}.
 *
 * <p>Spark has a module of its own for them, which its distribution lacks; where a job brings that, Spark takes it.
 * The option {@code compression} is {@code snappy} (as with Spark), {@code deflate}, {@code bzip2}, {@code xz},
 * {@code zstandard} or {@code uncompressed}.
 */
public final class AvroFormat implements FileFormat, DataSourceRegister, Serializable {
  private static final long serialVersionUID = 1L;
  private static final String EXTENSION = ".avro";
  private static final String CODEC = "tarn.glue.avro.codec";
  /** The files of a source whose schemas are looked at, the first ones. */
  private static final int SCHEMA_FILES_MAX = 1_000;

  @Override
  public String shortName() {
    return "avro";
  }

  @Override
  public String toString() {
    return "Avro";
  }

  @Override
  public Option<StructType> inferSchema(
      SparkSession session, scala.collection.immutable.Map<String, String> options, Seq<FileStatus> files) {
    Configuration configuration = configuration(session, options);
    StructType found = null;
    int seen = 0;
    for (FileStatus file : ScalaValues.list(files)) {
      if (file.getLen() == 0 || seen++ == SCHEMA_FILES_MAX) {
        continue;
      }
      try (FileReader<GenericRecord> reader = open(file.getPath(), configuration)) {
        StructType schema = AvroTypes.rows(reader.getSchema());
        found = found == null ? schema : AvroTypes.merged(found, schema);
      } catch (IOException error) {
        throw new UncheckedIOException(file.getPath() + ": " + error.getMessage(), error);
      }
    }
    return Option.apply(found);
  }

  private static Configuration configuration(
      SparkSession session, scala.collection.immutable.Map<String, String> options) {
    return session.sessionState().newHadoopConfWithOptions(options);
  }

  private static FileReader<GenericRecord> open(Path path, Configuration configuration) throws IOException {
    return DataFileReader.openReader(new FsInput(path, configuration), new GenericDatumReader<>());
  }

  // --- reading ---------------------------------------------------------------------------------------------------

  @Override
  public boolean isSplitable(
      SparkSession session, scala.collection.immutable.Map<String, String> options, Path path) {
    return true;
  }

  @Override
  public Function1<PartitionedFile, Iterator<InternalRow>> buildReader(
      SparkSession session, StructType data, StructType partitions, StructType required, Seq<Filter> filters,
      scala.collection.immutable.Map<String, String> options, Configuration configuration) {
    ClassTag<SerializableConfiguration> tag =
        scala.reflect.ClassTag$.MODULE$.apply(SerializableConfiguration.class);
    return new Reading(
        required, session.sparkContext().broadcast(new SerializableConfiguration(configuration), tag));
  }

  /** Reads parts of files where the tasks run. */
  private static final class Reading extends AbstractFunction1<PartitionedFile, Iterator<InternalRow>>
      implements Serializable {
    private static final long serialVersionUID = 1L;
    private final StructType required;
    private final Broadcast<SerializableConfiguration> configuration;

    Reading(StructType required, Broadcast<SerializableConfiguration> configuration) {
      this.required = required;
      this.configuration = configuration;
    }

    @Override
    public Iterator<InternalRow> apply(PartitionedFile file) {
      try {
        return new Rows(open(file.toPath(), configuration.value().value()), file, required);
      } catch (IOException error) {
        throw new UncheckedIOException(file.toPath() + ": " + error.getMessage(), error);
      }
    }
  }

  /** The rows of the blocks that begin in a part of a file. */
  private static final class Rows extends AbstractIterator<InternalRow> {
    private final FileReader<GenericRecord> reader;
    private final long end;
    private final StructType required;
    private boolean isDone;

    Rows(FileReader<GenericRecord> reader, PartitionedFile file, StructType required) throws IOException {
      this.reader = reader;
      this.required = required;
      end = file.start() + file.length();
      TaskContext task = TaskContext.get();
      if (task != null) {
        // A limit may leave the rest unread.
        TaskCompletionListener done = ended -> close();
        task.addTaskCompletionListener(done);
      }
      reader.sync(file.start());
    }

    private void close() {
      try {
        reader.close();
      } catch (IOException closed) {
        // There is nothing more to read.
      }
    }

    @Override
    public boolean hasNext() {
      try {
        if (!isDone && (!reader.hasNext() || reader.pastSync(end))) {
          isDone = true;
          close();
        }
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
      return !isDone;
    }

    @Override
    public InternalRow next() {
      return AvroValues.row(reader.next(), required);
    }
  }

  // --- writing ---------------------------------------------------------------------------------------------------

  @Override
  public OutputWriterFactory prepareWrite(
      SparkSession session, Job job, scala.collection.immutable.Map<String, String> options, StructType type) {
    // What cannot be written is told before any task begins.
    Schema schema = AvroTypes.file(type);
    Map<String, String> given = ScalaValues.map(options);
    String codec = given.getOrDefault("compression", session.conf().get("spark.sql.avro.compression.codec", "snappy"));
    codec = codec.toLowerCase(Locale.ROOT);
    codec = codec.equals("uncompressed") || codec.equals("none") ? "null" : codec;
    CodecFactory.fromString(codec);
    job.getConfiguration().set(CODEC, codec);
    return new Writers(schema.toString());
  }

  /** Makes a writer for each file where the tasks run. */
  private static final class Writers extends OutputWriterFactory {
    private static final long serialVersionUID = 1L;
    private final String schema;

    Writers(String schema) {
      this.schema = schema;
    }

    @Override
    public String getFileExtension(TaskAttemptContext context) {
      return EXTENSION;
    }

    @Override
    public OutputWriter newInstance(String path, StructType type, TaskAttemptContext context) {
      try {
        return new Writer(path, type, new Schema.Parser().parse(schema), context.getConfiguration());
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }

  /** Writes one file. */
  private static final class Writer extends OutputWriter {
    private final String path;
    private final StructType type;
    private final Schema schema;
    private final DataFileWriter<GenericRecord> file;

    Writer(String path, StructType type, Schema schema, Configuration configuration) throws IOException {
      this.path = path;
      this.type = type;
      this.schema = schema;
      file = new DataFileWriter<>(new GenericDatumWriter<>(schema));
      file.setCodec(CodecFactory.fromString(configuration.get(CODEC)));
      Path place = new Path(path);
      file.create(schema, place.getFileSystem(configuration).create(place, false));
    }

    @Override
    public void write(InternalRow row) {
      try {
        file.append(AvroValues.record(row, type, schema));
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    @Override
    public void close() {
      try {
        file.close();
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    @Override
    public String path() {
      return path;
    }
  }
}
