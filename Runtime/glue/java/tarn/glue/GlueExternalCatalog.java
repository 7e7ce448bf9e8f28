package tarn.glue;

import com.amazonaws.services.glue.model.*;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.catalyst.analysis.NoSuchPartitionException;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTablePartition;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import scala.Option;
import scala.collection.Seq;

/**
 * Spark's catalog of databases, tables and partitions in Glue's, with the job's own credentials.
 *
 * <p>Functions that Glue keeps are never run. What Hive alone does (LOAD DATA, renaming a partition) is refused by
 * name. Here are the partitions; the classes above have the rest.
 */
public class GlueExternalCatalog extends GlueTableCatalog {
  private static final int PARTITIONS_AT_ONCE_MAX = 100;

  GlueExternalCatalog(SparkConf conf, Configuration hadoop) {
    super(conf, hadoop);
  }


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
}
