package tarn.glue;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** Whether a file that Spark wrote holds no row. */
final class EmptyFile {
  private static final Map<String, String> FORMATS =
      Map.of(".parquet", "parquet", ".orc", "orc", ".json", "json", ".csv", "csv", ".avro", "avro");

  private EmptyFile() {}

  /** Reads one row at most; a format that its name does not tell counts as not empty. */
  static boolean isEmpty(String path, Configuration configuration) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    for (Map.Entry<String, String> known : FORMATS.entrySet()) {
      if (name.contains(known.getKey())) {
        String header = configuration.get("header", "false");
        return SparkSession.active().read().format(known.getValue()).option("header", header).load(path).isEmpty();
      }
    }
    return false;
  }
}
