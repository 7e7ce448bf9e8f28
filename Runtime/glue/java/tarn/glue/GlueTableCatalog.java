package tarn.glue;

import com.amazonaws.services.glue.model.*;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.catalyst.analysis.NoSuchDatabaseException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.catalyst.catalog.CatalogStatistics;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTableType;
import org.apache.spark.sql.catalyst.util.StringUtils;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.Seq;

/** Glue's tables as Spark's. */
abstract class GlueTableCatalog extends GlueDatabases {
  private final Configuration hadoop;

  /**
   * External tables that a {@code saveAsTable} with overwrite has dropped and is about to make again. They stay in Glue
   * until then: a job that fails in between leaves the old table, and its data, as they were.
   */
  private final Set<String> replaced = new HashSet<>();

  GlueTableCatalog(SparkConf conf, Configuration hadoop) {
    super(conf, hadoop);
    this.hadoop = hadoop;
  }

  private Table stored(String database, String name) {
    try {
      GetTableRequest request = new GetTableRequest().withDatabaseName(folded(database)).withName(folded(name));
      return glue().getTable(request).getTable();
    } catch (EntityNotFoundException absent) {
      return null;
    }
  }

  private boolean isReplaced(String database, String name) {
    return replaced.contains(folded(database) + "." + folded(name));
  }

  final Table required(String database, String name) {
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
}
