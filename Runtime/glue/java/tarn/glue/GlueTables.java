package tarn.glue;

import com.amazonaws.services.glue.model.Column;
import com.amazonaws.services.glue.model.Partition;
import com.amazonaws.services.glue.model.PartitionInput;
import com.amazonaws.services.glue.model.SerDeInfo;
import com.amazonaws.services.glue.model.StorageDescriptor;
import com.amazonaws.services.glue.model.Table;
import com.amazonaws.services.glue.model.TableInput;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.catalog.CatalogStorageFormat;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTablePartition;
import org.apache.spark.sql.catalyst.catalog.CatalogTableType;
import org.apache.spark.sql.catalyst.parser.CatalystSqlParser$;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;

/** Tables as Glue keeps them and as Spark knows them. */
final class GlueTables {
  private static final String PROVIDER = "spark.sql.sources.provider";
  private static final String SCHEMA = "spark.sql.sources.schema";
  private static final String SPARK_PREFIX = "spark.sql.sources.";
  private static final String OPTION_PREFIX = "spark.sql.options.";
  private static final String HADOOP = "org.apache.hadoop.";
  private static final String TEXT_IN = HADOOP + "mapred.TextInputFormat";
  private static final String TEXT_OUT = HADOOP + "hive.ql.io.HiveIgnoreKeyTextOutputFormat";

  /** Input format, output format and SerDe by Spark's name of a format, so that Athena reads what Spark writes. */
  private static final Map<String, String[]> FORMATS = Map.of(
      "parquet", new String[] {
        HADOOP + "hive.ql.io.parquet.MapredParquetInputFormat",
        HADOOP + "hive.ql.io.parquet.MapredParquetOutputFormat",
        HADOOP + "hive.ql.io.parquet.serde.ParquetHiveSerDe"},
      "orc", new String[] {
        HADOOP + "hive.ql.io.orc.OrcInputFormat", HADOOP + "hive.ql.io.orc.OrcOutputFormat",
        HADOOP + "hive.ql.io.orc.OrcSerde"},
      "json", new String[] {TEXT_IN, TEXT_OUT, "org.openx.data.jsonserde.JsonSerDe"},
      "csv", new String[] {TEXT_IN, TEXT_OUT, HADOOP + "hive.serde2.OpenCSVSerde"});

  private GlueTables() {}

  // --- from Glue -------------------------------------------------------------------------------------------------

  /** Spark's table of Glue's; a view of Athena's is refused when it is read, for Spark cannot parse it. */
  static CatalogTable fromGlue(String database, Table table) {
    Map<String, String> parameters = table.getParameters() == null ? Map.of() : table.getParameters();
    StorageDescriptor storage =
        table.getStorageDescriptor() == null ? new StorageDescriptor() : table.getStorageDescriptor();
    boolean isView = "VIRTUAL_VIEW".equals(table.getTableType());
    List<String> keys = new ArrayList<>();
    StructType schema = schema(table, storage, parameters, keys);
    String provider = isView ? null : provider(parameters, storage);
    Map<String, String> options = isView ? new HashMap<>() : options(provider, storage, parameters);
    Map<String, String> properties = new HashMap<>(parameters);
    properties.keySet().removeIf(name -> name.startsWith(SPARK_PREFIX) || name.startsWith(OPTION_PREFIX));
    CatalogTableType type = isView ? CatalogTableType.VIEW()
        : "MANAGED_TABLE".equals(table.getTableType()) ? CatalogTableType.MANAGED() : CatalogTableType.EXTERNAL();
    String text = table.getViewExpandedText() != null ? table.getViewExpandedText() : table.getViewOriginalText();
    return CatalogTable.apply(
        TableIdentifier.apply(table.getName(), Option.apply(database)), type,
        storageFormat(storage, options), schema, Option.apply(provider), ScalaValues.seq(keys), Option.empty(),
        table.getOwner() == null ? "" : table.getOwner(),
        table.getCreateTime() == null ? System.currentTimeMillis() : table.getCreateTime().getTime(), -1L, "",
        ScalaValues.map(properties), Option.empty(), Option.apply(isView ? text : null),
        Option.apply(table.getDescription()), ScalaValues.seq(List.of()), !keys.isEmpty(), false,
        ScalaValues.map(Map.of()), Option.apply(isView ? table.getViewOriginalText() : null));
  }

  private static CatalogStorageFormat storageFormat(StorageDescriptor storage, Map<String, String> options) {
    String location = storage.getLocation();
    boolean isNowhere = location == null || location.isEmpty();
    Option<URI> uri = isNowhere ? Option.empty() : Option.apply(new Path(location).toUri());
    SerDeInfo serde = storage.getSerdeInfo();
    return new CatalogStorageFormat(
        uri, Option.apply(storage.getInputFormat()), Option.apply(storage.getOutputFormat()),
        Option.apply(serde == null ? null : serde.getSerializationLibrary()), false, ScalaValues.map(options));
  }

  /** The columns, the partition keys last; in Spark's own spelling where it wrote the table and that still holds. */
  private static StructType schema(
      Table table, StorageDescriptor storage, Map<String, String> parameters, List<String> keys) {
    StructType told = new StructType();
    List<Column> columns = new ArrayList<>(storage.getColumns() == null ? List.of() : storage.getColumns());
    List<Column> partitionKeys = table.getPartitionKeys() == null ? List.of() : table.getPartitionKeys();
    columns.addAll(partitionKeys);
    for (Column column : columns) {
      DataType type = CatalystSqlParser$.MODULE$.parseDataType(column.getType() == null ? "string" : column.getType());
      StructField field = new StructField(column.getName(), type, true, Metadata.empty());
      told = told.add(column.getComment() == null ? field : field.withComment(column.getComment()));
    }
    StructType own = ownSchema(parameters);
    StructType schema = own != null && same(own, told) ? own : told;
    int first = schema.length() - partitionKeys.size();
    for (int index = first; index < schema.length(); index++) {
      keys.add(schema.fields()[index].name());
    }
    return schema;
  }

  private static StructType ownSchema(Map<String, String> parameters) {
    String text = parameters.get(SCHEMA);
    String parts = parameters.get(SCHEMA + ".numParts");
    if (text == null && parts != null) {
      StringBuilder whole = new StringBuilder();
      for (int part = 0; part < Integer.parseInt(parts); part++) {
        whole.append(parameters.getOrDefault(SCHEMA + ".part." + part, ""));
      }
      text = whole.toString();
    }
    return text == null ? null : (StructType) DataType.fromJson(text);
  }

  private static boolean same(StructType own, StructType told) {
    if (own.length() != told.length()) {
      return false;
    }
    for (int index = 0; index < own.length(); index++) {
      StructField left = own.fields()[index];
      StructField right = told.fields()[index];
      if (!left.name().equalsIgnoreCase(right.name())
          || !left.dataType().catalogString().equalsIgnoreCase(right.dataType().catalogString())) {
        return false;
      }
    }
    return true;
  }

  private static String provider(Map<String, String> parameters, StorageDescriptor storage) {
    if (parameters.containsKey(PROVIDER)) {
      return parameters.get(PROVIDER);
    }
    SerDeInfo serde = storage.getSerdeInfo();
    String texts = String.join(" ", parameters.getOrDefault("classification", ""),
        serde == null || serde.getSerializationLibrary() == null ? "" : serde.getSerializationLibrary(),
        storage.getInputFormat() == null ? "" : storage.getInputFormat()).toLowerCase(Locale.ROOT);
    if ("ICEBERG".equalsIgnoreCase(parameters.get("table_type"))) {
      return "iceberg";
    }
    for (String known : List.of("parquet", "orc", "avro", "json", "csv")) {
      if (texts.contains(known)) {
        return known;
      }
    }
    return texts.contains("lazysimple") ? "csv" : "hive";
  }

  /** Spark's options for a table's text files, out of the SerDe's parameters. */
  private static Map<String, String> options(
      String provider, StorageDescriptor storage, Map<String, String> parameters) {
    Map<String, String> options = new HashMap<>();
    parameters.forEach((name, value) -> {
      if (name.startsWith(OPTION_PREFIX)) {
        options.put(name.substring(OPTION_PREFIX.length()), value);
      }
    });
    if (!"csv".equals(provider) || parameters.containsKey(PROVIDER)) {
      return options;
    }
    Map<String, String> given = new HashMap<>(parameters);
    SerDeInfo serde = storage.getSerdeInfo();
    if (serde != null && serde.getParameters() != null) {
      given.putAll(serde.getParameters());
    }
    boolean isCsv = serde != null && String.valueOf(serde.getSerializationLibrary()).contains("OpenCSV");
    String separator = given.getOrDefault("separatorChar", given.getOrDefault("field.delim", isCsv ? "," : "\u0001"));
    options.put("sep", separator);
    options.put("quote", given.getOrDefault("quoteChar", "\""));
    options.put("escape", given.getOrDefault("escapeChar", isCsv ? "\\" : "\""));
    options.put("header", String.valueOf(!"0".equals(given.getOrDefault("skip.header.line.count", "0"))));
    options.put("enforceSchema", "true");
    return options;
  }

  static CatalogTablePartition partitionFromGlue(CatalogTable table, Partition partition) {
    Map<String, String> spec = new LinkedHashMap<>();
    List<String> keys = ScalaValues.list(table.partitionColumnNames());
    for (int index = 0; index < keys.size(); index++) {
      spec.put(keys.get(index), partition.getValues().get(index));
    }
    StorageDescriptor storage =
        partition.getStorageDescriptor() == null ? new StorageDescriptor() : partition.getStorageDescriptor();
    Map<String, String> parameters = partition.getParameters() == null ? Map.of() : partition.getParameters();
    return new CatalogTablePartition(
        ScalaValues.map(spec), storageFormat(storage, Map.of()), ScalaValues.map(parameters),
        System.currentTimeMillis(), -1L, Option.empty());
  }

  // --- to Glue ---------------------------------------------------------------------------------------------------

  /** What Glue keeps of Spark's table: Hive's form, for every reader, and Spark's own schema beside it. */
  static TableInput toGlue(CatalogTable table) {
    boolean isView = table.tableType().equals(CatalogTableType.VIEW());
    String provider = table.provider().isDefined() ? table.provider().get().toLowerCase(Locale.ROOT) : null;
    List<String> keys = ScalaValues.list(table.partitionColumnNames());
    Map<String, String> parameters = new HashMap<>(ScalaValues.map(table.properties()));
    StorageDescriptor storage = new StorageDescriptor();
    List<Column> partitionKeys = new ArrayList<>();
    List<Column> columns = new ArrayList<>();
    for (StructField field : table.schema().fields()) {
      Column column = new Column().withName(field.name().toLowerCase(Locale.ROOT))
          .withType(field.dataType().catalogString());
      if (field.getComment().isDefined()) {
        column.setComment(field.getComment().get());
      }
      (keys.contains(field.name()) ? partitionKeys : columns).add(column);
    }
    storage.setColumns(columns);
    if (table.storage().locationUri().isDefined()) {
      storage.setLocation(location(table.storage().locationUri().get()));
    }
    if (!isView && provider != null) {
      describe(table, provider, storage, parameters);
    }
    TableInput input = new TableInput()
        .withName(table.identifier().table().toLowerCase(Locale.ROOT))
        .withTableType(isView ? "VIRTUAL_VIEW"
            : table.tableType().equals(CatalogTableType.MANAGED()) ? "MANAGED_TABLE" : "EXTERNAL_TABLE")
        .withStorageDescriptor(storage).withPartitionKeys(partitionKeys).withParameters(parameters);
    if (table.comment().isDefined()) {
      input.setDescription(table.comment().get());
    }
    if (isView) {
      input.setViewOriginalText(ScalaValues.orNull(table.viewOriginalText()));
      input.setViewExpandedText(ScalaValues.orNull(table.viewText()));
    }
    return input;
  }

  private static void describe(
      CatalogTable table, String provider, StorageDescriptor storage, Map<String, String> parameters) {
    parameters.put(PROVIDER, provider);
    parameters.put(SCHEMA, table.schema().json());
    parameters.put("classification", provider);
    Map<String, String> options = new HashMap<>(ScalaValues.map(table.storage().properties()));
    options.remove("path");
    options.forEach((name, value) -> parameters.put(OPTION_PREFIX + name, value));
    String[] formats = FORMATS.get(provider);
    if (formats == null) {
      return;
    }
    Map<String, String> serde = new HashMap<>();
    serde.put("serialization.format", "1");
    if ("csv".equals(provider)) {
      serde.put("separatorChar", options.getOrDefault("sep", options.getOrDefault("delimiter", ",")));
      if ("true".equalsIgnoreCase(options.get("header"))) {
        parameters.put("skip.header.line.count", "1");
      }
    }
    storage.withInputFormat(formats[0]).withOutputFormat(formats[1])
        .withSerdeInfo(new SerDeInfo().withSerializationLibrary(formats[2]).withParameters(serde));
  }

  static PartitionInput partitionToGlue(CatalogTable table, Table stored, CatalogTablePartition partition) {
    Map<String, String> spec = ScalaValues.map(partition.spec());
    List<String> values = new ArrayList<>();
    for (String key : ScalaValues.list(table.partitionColumnNames())) {
      values.add(spec.get(key));
    }
    StorageDescriptor storage = stored.getStorageDescriptor().clone();
    if (partition.storage().locationUri().isDefined()) {
      storage.setLocation(location(partition.storage().locationUri().get()));
    }
    return new PartitionInput().withValues(values).withStorageDescriptor(storage)
        .withParameters(new HashMap<>(ScalaValues.map(partition.parameters())));
  }

  /** {@code s3://bucket/key}, whatever Spark calls the scheme, without escapes. */
  static String location(URI uri) {
    return new Path(uri).toString().replaceFirst("^s3[an]://", "s3://");
  }
}
