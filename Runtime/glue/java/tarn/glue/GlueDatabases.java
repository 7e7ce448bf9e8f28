package tarn.glue;

import com.amazonaws.auth.EnvironmentVariableCredentialsProvider;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.glue.AWSGlue;
import com.amazonaws.services.glue.AWSGlueClientBuilder;
import com.amazonaws.services.glue.model.*;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.catalyst.analysis.DatabaseAlreadyExistsException;
import org.apache.spark.sql.catalyst.analysis.NoSuchDatabaseException;
import org.apache.spark.sql.catalyst.catalog.CatalogDatabase;
import org.apache.spark.sql.catalyst.catalog.InMemoryCatalog;
import org.apache.spark.sql.catalyst.util.StringUtils;
import scala.collection.Seq;

/** Glue's databases as Spark's, with the client that the rest of the catalog shares. Functions are Spark's own. */
abstract class GlueDatabases extends InMemoryCatalog {
  static final String DEFAULT = "default";

  private final SparkConf conf;
  private AWSGlue client;

  GlueDatabases(SparkConf conf, Configuration hadoop) {
    super(conf, hadoop);
    this.conf = conf;
  }


  final synchronized AWSGlue glue() {
    if (client == null) {
      String region = System.getenv().getOrDefault("AWS_REGION", "us-east-1");
      String address = System.getenv().getOrDefault("AWS_ENDPOINT_URL_GLUE", System.getenv("AWS_ENDPOINT_URL"));
      AWSGlueClientBuilder builder =
          AWSGlueClientBuilder.standard().withCredentials(new EnvironmentVariableCredentialsProvider());
      client = (address == null ? builder.withRegion(region)
          : builder.withEndpointConfiguration(new EndpointConfiguration(address, region))).build();
    }
    return client;
  }

  static String folded(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  static RuntimeException thrown(Throwable error) {
    return ScalaValues.<RuntimeException>unchecked(error);
  }

  static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException(what + " is not supported with the Glue Data Catalog.");
  }

  @Override
  public void createDatabase(CatalogDatabase database, boolean ignoreIfExists) {
    DatabaseInput input = new DatabaseInput().withName(folded(database.name())).withDescription(database.description())
        .withParameters(new HashMap<>(ScalaValues.map(database.properties())));
    String location = database.locationUri() == null ? "" : GlueTables.location(database.locationUri());
    // Spark makes up a location in its warehouse, which is a folder of this run, for a database without one.
    if (location.startsWith("s3://")) {
      input.setLocationUri(location);
    }
    try {
      glue().createDatabase(new CreateDatabaseRequest().withDatabaseInput(input));
    } catch (AlreadyExistsException exists) {
      if (!ignoreIfExists) {
        throw thrown(new DatabaseAlreadyExistsException(database.name()));
      }
    }
  }

  @Override
  public void dropDatabase(String name, boolean ignoreIfNotExists, boolean cascade) {
    if (!cascade && databaseExists(name) && !listTables(name).isEmpty()) {
      throw new IllegalArgumentException("Cannot drop a non-empty database: " + name + ". Use CASCADE option.");
    }
    try {
      glue().deleteDatabase(new DeleteDatabaseRequest().withName(folded(name)));
    } catch (EntityNotFoundException absent) {
      if (!ignoreIfNotExists) {
        throw thrown(new NoSuchDatabaseException(name));
      }
    }
  }

  @Override
  public void alterDatabase(CatalogDatabase database) {
    DatabaseInput input = new DatabaseInput().withName(folded(database.name())).withDescription(database.description())
        .withParameters(new HashMap<>(ScalaValues.map(database.properties())));
    String location = GlueTables.location(database.locationUri());
    if (location.startsWith("s3://")) {
      input.setLocationUri(location);
    }
    glue().updateDatabase(new UpdateDatabaseRequest().withName(folded(database.name())).withDatabaseInput(input));
  }

  @Override
  public CatalogDatabase getDatabase(String name) {
    String warehouse = conf.get("spark.sql.warehouse.dir", "spark-warehouse");
    try {
      Database found = glue().getDatabase(new GetDatabaseRequest().withName(folded(name))).getDatabase();
      String location = found.getLocationUri() == null || found.getLocationUri().isEmpty()
          ? warehouse + "/" + folded(name) + ".db" : found.getLocationUri();
      return new CatalogDatabase(
          found.getName(), found.getDescription() == null ? "" : found.getDescription(), new Path(location).toUri(),
          ScalaValues.map(found.getParameters() == null ? Map.of() : found.getParameters()));
    } catch (EntityNotFoundException absent) {
      if (DEFAULT.equals(folded(name))) {
        // Every session begins in it, whether Glue has it or not.
        return new CatalogDatabase(DEFAULT, "", new Path(warehouse).toUri(), ScalaValues.map(Map.of()));
      }
      throw thrown(new NoSuchDatabaseException(name));
    }
  }

  @Override
  public boolean databaseExists(String name) {
    if (DEFAULT.equals(folded(name))) {
      return true;
    }
    try {
      glue().getDatabase(new GetDatabaseRequest().withName(folded(name)));
      return true;
    } catch (EntityNotFoundException absent) {
      return false;
    }
  }

  @Override
  public Seq<String> listDatabases() {
    List<String> names = new ArrayList<>();
    GetDatabasesRequest request = new GetDatabasesRequest();
    do {
      GetDatabasesResult page = glue().getDatabases(request);
      page.getDatabaseList().forEach(database -> names.add(database.getName()));
      request.setNextToken(page.getNextToken());
    } while (request.getNextToken() != null);
    if (!names.contains(DEFAULT)) {
      names.add(DEFAULT);
    }
    names.sort(null);
    return ScalaValues.seq(names);
  }

  @Override
  public Seq<String> listDatabases(String pattern) {
    return StringUtils.filterPattern(listDatabases(), pattern);
  }

  @Override
  public void setCurrentDatabase(String name) {
    // The session keeps it.
  }


  @Override
  public void loadTable(String database, String name, String path, boolean isOverwrite, boolean isSrcLocal) {
    throw unsupported("LOAD DATA");
  }

  @Override
  public void loadPartition(
      String database, String name, String path, scala.collection.immutable.Map<String, String> spec,
      boolean isOverwrite, boolean inheritTableSpecs, boolean isSrcLocal) {
    throw unsupported("LOAD DATA");
  }

  @Override
  public boolean functionExists(String database, String name) {
    return false;
  }

  @Override
  public Seq<String> listFunctions(String database, String pattern) {
    return ScalaValues.seq(List.of());
  }

  @Override
  public void createFunction(
      String database, org.apache.spark.sql.catalyst.catalog.CatalogFunction definition) {
    throw unsupported("A permanent function");
  }
}
