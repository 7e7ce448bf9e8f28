package tarn.glue;

import com.amazonaws.auth.EnvironmentVariableCredentialsProvider;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.glue.AWSGlue;
import com.amazonaws.services.glue.AWSGlueClientBuilder;
import com.amazonaws.services.glue.model.*;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.catalyst.analysis.DatabaseAlreadyExistsException;
import org.apache.spark.sql.catalyst.analysis.NoSuchDatabaseException;
import org.apache.spark.sql.catalyst.analysis.NoSuchPartitionException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.catalyst.catalog.CatalogDatabase;
import org.apache.spark.sql.catalyst.catalog.CatalogStatistics;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTablePartition;
import org.apache.spark.sql.catalyst.catalog.CatalogTableType;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils$;
import org.apache.spark.sql.catalyst.catalog.InMemoryCatalog;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.util.StringUtils;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.Seq;

/**
 * Spark's catalog of databases, tables and partitions in Glue's, with the job's own credentials.
 *
 * <p>Functions are Spark's own: those that Glue keeps are never run. What Hive alone does (LOAD DATA, renaming a
 * partition) is refused by name.
 */
public class GlueExternalCatalog extends InMemoryCatalog {
  private static final String DEFAULT = "default";
  private static final int PARTITIONS_AT_ONCE_MAX = 100;

  private final SparkConf conf;
  private final Configuration hadoop;
  private AWSGlue client;

  /**
   * External tables that a {@code saveAsTable} with overwrite has dropped and is about to make again. They stay in Glue until
   * then: a job that fails in between leaves the old table, and its data, as they were.
   */
  private final Set<String> replaced = new HashSet<>();

  GlueExternalCatalog(SparkConf conf, Configuration hadoop) {
    super(conf, hadoop);
    this.conf = conf;
    this.hadoop = hadoop;
  }

  private synchronized AWSGlue glue() {
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

  private static String folded(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private static RuntimeException thrown(Throwable error) {
    return ScalaValues.<RuntimeException>unchecked(error);
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException(what + " is not supported with the Glue Data Catalog.");
  }

  // --- databases -------------------------------------------------------------------------------------------------

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

  // --- tables ----------------------------------------------------------------------------------------------------

  private Table stored(String database, String name) {
    try {
      return glue().getTable(new GetTableRequest().withDatabaseName(folded(database)).withName(folded(name))).getTable();
    } catch (EntityNotFoundException absent) {
      return null;
    }
  }

  private boolean isReplaced(String database, String name) {
    return replaced.contains(folded(database) + "." + folded(name));
  }

  private Table required(String database, String name) {
    Table found = isReplaced(database, name) ? null : stored(database, name);
    if (found == null) {
      throw thrown(new NoSuchTableException(database, name));
    }
    return found;
  }

  @Override
  public CatalogTable getTable(String database, String name) {
    Table found = required(database, name);
    String text = found.getViewOriginalText();
    if (text != null && text.startsWith("/* Presto View")) {
      throw unsupported("Reading " + database + "." + name + ", a view that Athena made,");
    }
    return GlueTables.fromGlue(folded(database), found);
  }

  @Override
  public Seq<CatalogTable> getTablesByName(String database, Seq<String> names) {
    List<CatalogTable> found = new ArrayList<>();
    for (String name : ScalaValues.list(names)) {
      Table table = isReplaced(database, name) ? null : stored(database, name);
      if (table != null) {
        found.add(GlueTables.fromGlue(folded(database), table));
      }
    }
    return ScalaValues.seq(found);
  }

  @Override
  public boolean tableExists(String database, String name) {
    return !isReplaced(database, name) && stored(database, name) != null;
  }

  @Override
  public void createTable(CatalogTable table, boolean ignoreIfExists) {
    String database = folded(table.database());
    if (!table.tableType().equals(CatalogTableType.VIEW())) {
      String location = table.storage().locationUri().isDefined()
          ? GlueTables.location(table.storage().locationUri().get()) : "";
      if (!location.startsWith("s3://")) {
        throw new IllegalArgumentException(
            "The table " + table.identifier().unquotedString() + " has no location in S3: give its database a"
                + " LocationUri, or the write an option \"path\".");
      }
    }
    TableInput input = GlueTables.toGlue(table);
    try {
      if (replaced.remove(database + "." + input.getName())) {
        replace(database, input);
      } else {
        glue().createTable(new CreateTableRequest().withDatabaseName(database).withTableInput(input));
      }
    } catch (AlreadyExistsException exists) {
      if (!ignoreIfExists) {
        throw thrown(new TableAlreadyExistsException(database, input.getName()));
      }
    } catch (EntityNotFoundException absent) {
      throw thrown(new NoSuchDatabaseException(database));
    }
  }

  /** The new table in the place of the old one. Its partition keys may be others, which an update cannot change. */
  private void replace(String database, TableInput input) {
    Table old = stored(database, input.getName());
    boolean sameKeys = old != null && keys(old.getPartitionKeys()).equals(keys(input.getPartitionKeys()));
    if (sameKeys && input.getPartitionKeys().isEmpty()) {
      glue().updateTable(new UpdateTableRequest().withDatabaseName(database).withTableInput(input));
      return;
    }
    if (old != null) {
      glue().deleteTable(new DeleteTableRequest().withDatabaseName(database).withName(input.getName()));
    }
    glue().createTable(new CreateTableRequest().withDatabaseName(database).withTableInput(input));
  }

  private static List<String> keys(List<Column> columns) {
    List<String> names = new ArrayList<>();
    if (columns != null) {
      columns.forEach(column -> names.add(column.getName() + ":" + column.getType()));
    }
    return names;
  }

  @Override
  public void dropTable(String database, String name, boolean ignoreIfNotExists, boolean purge) {
    Table found = isReplaced(database, name) ? null : stored(database, name);
    if (found == null) {
      if (!ignoreIfNotExists) {
        throw thrown(new NoSuchTableException(database, name));
      }
      return;
    }
    boolean isOverwrite = StackWalker.getInstance().walk(frames ->
        frames.anyMatch(frame -> frame.getClassName().equals("org.apache.spark.sql.DataFrameWriter")));
    boolean isManaged = "MANAGED_TABLE".equals(found.getTableType());
    if (isOverwrite && !isManaged) {
      replaced.add(folded(database) + "." + folded(name));
      return;
    }
    glue().deleteTable(new DeleteTableRequest().withDatabaseName(folded(database)).withName(folded(name)));
    // Spark writes a managed table into an empty folder only, so these files cannot wait for the new ones.
    if (isManaged) {
      Path folder = new Path(found.getStorageDescriptor().getLocation());
      try {
        folder.getFileSystem(hadoop).delete(folder, true);
      } catch (IOException error) {
        throw new IllegalStateException("The table is gone, its files at " + folder + " are not: " + error, error);
      }
    }
  }

  @Override
  public void renameTable(String database, String name, String newName) {
    throw unsupported("Renaming a table");
  }

  @Override
  public void alterTable(CatalogTable table) {
    required(table.database(), table.identifier().table());
    glue().updateTable(new UpdateTableRequest().withDatabaseName(folded(table.database()))
        .withTableInput(GlueTables.toGlue(table)));
  }

  @Override
  public void alterTableDataSchema(String database, String name, StructType newSchema) {
    CatalogTable table = getTable(database, name);
    StructType whole = newSchema;
    for (String key : ScalaValues.list(table.partitionColumnNames())) {
      whole = whole.add(table.schema().apply(key));
    }
    alterTable(table.copy(
        table.identifier(), table.tableType(), table.storage(), whole, table.provider(), table.partitionColumnNames(),
        table.bucketSpec(), table.owner(), table.createTime(), table.lastAccessTime(), table.createVersion(),
        table.properties(), table.stats(), table.viewText(), table.comment(), table.unsupportedFeatures(),
        table.tracksPartitionsInCatalog(), table.schemaPreservesCase(), table.ignoredProperties(),
        table.viewOriginalText()));
  }

  @Override
  public void alterTableStats(String database, String name, Option<CatalogStatistics> stats) {
    // Sizes that Spark noted go stale with the next write by anyone else; they are not kept.
  }

  @Override
  public Seq<String> listTables(String database) {
    List<String> names = new ArrayList<>();
    GetTablesRequest request = new GetTablesRequest().withDatabaseName(folded(database));
    try {
      do {
        GetTablesResult page = glue().getTables(request);
        page.getTableList().forEach(table -> names.add(table.getName()));
        request.setNextToken(page.getNextToken());
      } while (request.getNextToken() != null);
    } catch (EntityNotFoundException absent) {
      if (!DEFAULT.equals(folded(database))) {
        throw thrown(new NoSuchDatabaseException(database));
      }
    }
    names.removeIf(name -> isReplaced(database, name));
    names.sort(null);
    return ScalaValues.seq(names);
  }

  @Override
  public Seq<String> listTables(String database, String pattern) {
    return StringUtils.filterPattern(listTables(database), pattern);
  }

  @Override
  public Seq<String> listViews(String database, String pattern) {
    List<String> views = new ArrayList<>();
    for (String name : ScalaValues.list(listTables(database, pattern))) {
      Table found = stored(database, name);
      if (found != null && "VIRTUAL_VIEW".equals(found.getTableType())) {
        views.add(name);
      }
    }
    return ScalaValues.seq(views);
  }

  // --- partitions ------------------------------------------------------------------------------------------------

  @Override
  public void createPartitions(
      String database, String name, Seq<CatalogTablePartition> parts, boolean ignoreIfExists) {
    Table stored = required(database, name);
    CatalogTable table = GlueTables.fromGlue(folded(database), stored);
    List<PartitionInput> inputs = new ArrayList<>();
    for (CatalogTablePartition part : ScalaValues.list(parts)) {
      PartitionInput input = GlueTables.partitionToGlue(table, stored, part);
      if (part.storage().locationUri().isEmpty()) {
        Path folder = ExternalCatalogUtils$.MODULE$.generatePartitionPath(
            part.spec(), table.partitionColumnNames(), new Path(table.location()));
        input.getStorageDescriptor().setLocation(GlueTables.location(folder.toUri()));
      }
      inputs.add(input);
    }
    for (int start = 0; start < inputs.size(); start += PARTITIONS_AT_ONCE_MAX) {
      List<PartitionInput> some = inputs.subList(start, Math.min(start + PARTITIONS_AT_ONCE_MAX, inputs.size()));
      List<PartitionError> errors = glue().batchCreatePartition(new BatchCreatePartitionRequest()
          .withDatabaseName(folded(database)).withTableName(folded(name)).withPartitionInputList(some)).getErrors();
      for (PartitionError error : errors == null ? List.<PartitionError>of() : errors) {
        boolean exists = "AlreadyExistsException".equals(error.getErrorDetail().getErrorCode());
        if (!exists || !ignoreIfExists) {
          throw new IllegalStateException("Partition " + error.getPartitionValues() + " of " + database + "." + name
              + ": " + error.getErrorDetail().getErrorCode() + " " + error.getErrorDetail().getErrorMessage());
        }
      }
    }
  }

  private List<String> values(CatalogTable table, scala.collection.immutable.Map<String, String> spec) {
    Map<String, String> given = new HashMap<>();
    ScalaValues.map((scala.collection.Map<String, String>) spec).forEach((key, value) -> given.put(folded(key), value));
    List<String> values = new ArrayList<>();
    for (String key : ScalaValues.list(table.partitionColumnNames())) {
      values.add(given.get(folded(key)));
    }
    return values;
  }

  @Override
  public void dropPartitions(
      String database, String name, Seq<scala.collection.immutable.Map<String, String>> specs,
      boolean ignoreIfNotExists, boolean purge, boolean retainData) {
    CatalogTable table = getTable(database, name);
    for (scala.collection.immutable.Map<String, String> spec : ScalaValues.list(specs)) {
      try {
        glue().deletePartition(new DeletePartitionRequest().withDatabaseName(folded(database))
            .withTableName(folded(name)).withPartitionValues(values(table, spec)));
      } catch (EntityNotFoundException absent) {
        if (!ignoreIfNotExists) {
          throw thrown(new NoSuchPartitionException(database, name, spec));
        }
      }
    }
  }

  @Override
  public void renamePartitions(
      String database, String name, Seq<scala.collection.immutable.Map<String, String>> from,
      Seq<scala.collection.immutable.Map<String, String>> to) {
    throw unsupported("Renaming a partition");
  }

  @Override
  public void alterPartitions(String database, String name, Seq<CatalogTablePartition> parts) {
    Table stored = required(database, name);
    CatalogTable table = GlueTables.fromGlue(folded(database), stored);
    for (CatalogTablePartition part : ScalaValues.list(parts)) {
      PartitionInput input = GlueTables.partitionToGlue(table, stored, part);
      glue().updatePartition(new UpdatePartitionRequest().withDatabaseName(folded(database))
          .withTableName(folded(name)).withPartitionValueList(input.getValues()).withPartitionInput(input));
    }
  }

  @Override
  public CatalogTablePartition getPartition(
      String database, String name, scala.collection.immutable.Map<String, String> spec) {
    Option<CatalogTablePartition> found = getPartitionOption(database, name, spec);
    if (found.isEmpty()) {
      throw thrown(new NoSuchPartitionException(database, name, spec));
    }
    return found.get();
  }

  @Override
  public Option<CatalogTablePartition> getPartitionOption(
      String database, String name, scala.collection.immutable.Map<String, String> spec) {
    CatalogTable table = getTable(database, name);
    try {
      Partition found = glue().getPartition(new GetPartitionRequest().withDatabaseName(folded(database))
          .withTableName(folded(name)).withPartitionValues(values(table, spec))).getPartition();
      return Option.apply(GlueTables.partitionFromGlue(table, found));
    } catch (EntityNotFoundException absent) {
      return Option.empty();
    }
  }

  private List<CatalogTablePartition> partitions(CatalogTable table) {
    List<CatalogTablePartition> found = new ArrayList<>();
    GetPartitionsRequest request = new GetPartitionsRequest().withDatabaseName(table.database())
        .withTableName(folded(table.identifier().table()));
    do {
      GetPartitionsResult page = glue().getPartitions(request);
      page.getPartitions().forEach(partition -> found.add(GlueTables.partitionFromGlue(table, partition)));
      request.setNextToken(page.getNextToken());
    } while (request.getNextToken() != null);
    return found;
  }

  @Override
  public Seq<String> listPartitionNames(
      String database, String name, Option<scala.collection.immutable.Map<String, String>> spec) {
    CatalogTable table = getTable(database, name);
    List<String> names = new ArrayList<>();
    for (CatalogTablePartition part : ScalaValues.list(listPartitions(database, name, spec))) {
      List<String> pairs = new ArrayList<>();
      Map<String, String> values = ScalaValues.map((scala.collection.Map<String, String>) part.spec());
      for (String key : ScalaValues.list(table.partitionColumnNames())) {
        pairs.add(ExternalCatalogUtils$.MODULE$.getPartitionPathString(key, values.get(key)));
      }
      names.add(String.join("/", pairs));
    }
    names.sort(null);
    return ScalaValues.seq(names);
  }

  @Override
  public Seq<CatalogTablePartition> listPartitions(
      String database, String name, Option<scala.collection.immutable.Map<String, String>> spec) {
    CatalogTable table = getTable(database, name);
    List<CatalogTablePartition> found = partitions(table);
    if (spec.isDefined()) {
      Map<String, String> wanted = new LinkedHashMap<>();
      ScalaValues.map((scala.collection.Map<String, String>) spec.get())
          .forEach((key, value) -> wanted.put(folded(key), value));
      found.removeIf(part -> {
        Map<String, String> values = new HashMap<>();
        ScalaValues.map((scala.collection.Map<String, String>) part.spec())
            .forEach((key, value) -> values.put(folded(key), value));
        return wanted.entrySet().stream().anyMatch(pair -> !pair.getValue().equals(values.get(pair.getKey())));
      });
    }
    return ScalaValues.seq(found);
  }

  @Override
  public Seq<CatalogTablePartition> listPartitionsByFilter(
      String database, String name, Seq<Expression> predicates, String timeZone) {
    CatalogTable table = getTable(database, name);
    return ExternalCatalogUtils$.MODULE$.prunePartitionsByFilter(
        table, ScalaValues.seq(partitions(table)), predicates, timeZone);
  }

  // --- what Hive alone does, and functions -----------------------------------------------------------------------

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
