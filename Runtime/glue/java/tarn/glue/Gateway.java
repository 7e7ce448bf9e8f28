package tarn.glue;

import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.spark.api.python.PythonGatewayServer;

/**
 * The Java side of a job, started by {@code tarn_glue.gateway} in place of {@code spark-submit pyspark-shell}.
 *
 * <p>spark-submit starts a JVM to make the command line of a second one, which reads its arguments for half a second
 * more. A driver that runs where it was started needs none of that: Spark takes its configuration from system
 * properties. They come out of a file rather than the command line, because every user of a machine may read command
 * lines and the configuration of a cluster's job holds its session's credentials.
 */
public final class Gateway {
  private Gateway() {}

  /** Takes the path of a properties file, which only its owner may read and which is gone afterwards. */
  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[0]);
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
    }
    Files.delete(file);
    for (String name : properties.stringPropertyNames()) {
      System.setProperty(name, properties.getProperty(name));
    }
    PythonGatewayServer.main(new String[0]);
  }
}
