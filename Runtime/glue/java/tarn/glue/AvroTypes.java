package tarn.glue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Avro's schemas as Spark's types, and the reverse.
 *
 * <p>A union of null and one type is that type, nullable; {@code int} with {@code long}, and {@code float} with {@code
 * double}, are the wider one; any other union is a struct with a member for each branch ({@code member0}, …), as in
 * Spark's own module for Avro. Decimals are written as bytes, which Hive's readers ask for.
 */
final class AvroTypes {
  private static final String ROOT = "topLevelRecord";

  private AvroTypes() {}

  // --- reading ---------------------------------------------------------------------------------------------------

  /** The rows' type; throws {@code IllegalArgumentException} for a file of anything but records. */
  static StructType rows(Schema schema) {
    if (schema.getType() != Schema.Type.RECORD) {
      throw new IllegalArgumentException("The Avro file holds no records but values of the type " + schema.getType());
    }
    return (StructType) spark(schema, new HashSet<>());
  }

  private static DataType spark(Schema schema, Set<String> above) {
    LogicalType logical = schema.getLogicalType();
    switch (schema.getType()) {
      case BOOLEAN: return DataTypes.BooleanType;
      case INT: return logical instanceof LogicalTypes.Date ? DataTypes.DateType : DataTypes.IntegerType;
      case LONG: return ofLong(logical);
      case FLOAT: return DataTypes.FloatType;
      case DOUBLE: return DataTypes.DoubleType;
      case STRING:
      case ENUM: return DataTypes.StringType;
      case BYTES:
      case FIXED:
        if (logical instanceof LogicalTypes.Decimal) {
          LogicalTypes.Decimal decimal = (LogicalTypes.Decimal) logical;
          return DataTypes.createDecimalType(decimal.getPrecision(), decimal.getScale());
        }
        return DataTypes.BinaryType;
      case ARRAY:
        return DataTypes.createArrayType(spark(schema.getElementType(), above), isNullable(schema.getElementType()));
      case MAP:
        return DataTypes.createMapType(
            DataTypes.StringType, spark(schema.getValueType(), above), isNullable(schema.getValueType()));
      case RECORD: return ofRecord(schema, above);
      case UNION: return ofUnion(schema, above);
      default: return DataTypes.NullType;
    }
  }

  private static DataType ofLong(LogicalType logical) {
    if (logical instanceof LogicalTypes.TimestampMillis || logical instanceof LogicalTypes.TimestampMicros) {
      return DataTypes.TimestampType;
    }
    boolean isLocal =
        logical instanceof LogicalTypes.LocalTimestampMillis || logical instanceof LogicalTypes.LocalTimestampMicros;
    return isLocal ? DataTypes.TimestampNTZType : DataTypes.LongType;
  }

  private static DataType ofRecord(Schema schema, Set<String> above) {
    if (!above.add(schema.getFullName())) {
      throw new IllegalArgumentException("The Avro record " + schema.getFullName() + " holds itself: no column does");
    }
    List<StructField> fields = new ArrayList<>();
    for (Schema.Field field : schema.getFields()) {
      fields.add(field(field.name(), spark(field.schema(), above), isNullable(field.schema())));
    }
    above.remove(schema.getFullName());
    return DataTypes.createStructType(fields);
  }

  private static DataType ofUnion(Schema schema, Set<String> above) {
    List<Schema> branches = branches(schema);
    if (branches.isEmpty()) {
      return DataTypes.NullType;
    }
    if (branches.size() == 1) {
      return spark(branches.get(0), above);
    }
    List<StructField> members = new ArrayList<>();
    for (Schema branch : branches) {
      members.add(field(member(members.size()), spark(branch, above), true));
    }
    DataType wide = members.size() == 2 ? widerNumber(members.get(0).dataType(), members.get(1).dataType()) : null;
    return wide != null ? wide : DataTypes.createStructType(members);
  }

  /** The name of a union's branch, counted without null, in a struct. */
  static String member(int index) {
    return "member" + index;
  }

  /** A union's branches but null; of another schema the schema itself. */
  static List<Schema> branches(Schema schema) {
    if (!schema.isUnion()) {
      return List.of(schema);
    }
    List<Schema> found = new ArrayList<>();
    schema.getTypes().stream().filter(branch -> branch.getType() != Schema.Type.NULL).forEach(found::add);
    return found;
  }

  private static boolean isNullable(Schema schema) {
    return schema.getType() == Schema.Type.NULL || schema.isUnion() && schema.isNullable();
  }

  private static StructField field(String name, DataType kind, boolean isNullable) {
    return new StructField(name, kind, isNullable, Metadata.empty());
  }

  /** The fields of both, in their order; throws {@code IllegalArgumentException} where two types have none for both. */
  static StructType merged(StructType left, StructType right) {
    Map<String, StructField> fields = new LinkedHashMap<>();
    for (StructField field : left.fields()) {
      fields.put(field.name(), field);
    }
    for (StructField field : right.fields()) {
      StructField known = fields.get(field.name());
      DataType kind = known == null ? field.dataType() : wider(known.dataType(), field.dataType());
      if (kind == null) {
        throw new IllegalArgumentException("The Avro files' schemas do not merge: " + field.name() + " is "
            + known.dataType().simpleString() + " in one and " + field.dataType().simpleString() + " in another");
      }
      fields.put(field.name(), field(field.name(), kind, true));
    }
    return DataTypes.createStructType(new ArrayList<>(fields.values()));
  }

  /** The type that holds values of both, or null. */
  private static DataType wider(DataType left, DataType right) {
    if (left.equals(right) || right.equals(DataTypes.NullType)) {
      return left;
    }
    if (left.equals(DataTypes.NullType)) {
      return right;
    }
    if (left instanceof StructType && right instanceof StructType) {
      return merged((StructType) left, (StructType) right);
    }
    if (left instanceof ArrayType && right instanceof ArrayType) {
      DataType element = wider(((ArrayType) left).elementType(), ((ArrayType) right).elementType());
      return element == null ? null : DataTypes.createArrayType(element, true);
    }
    if (left instanceof MapType && right instanceof MapType) {
      DataType value = wider(((MapType) left).valueType(), ((MapType) right).valueType());
      return value == null ? null : DataTypes.createMapType(DataTypes.StringType, value, true);
    }
    return widerNumber(left, right);
  }

  private static DataType widerNumber(DataType left, DataType right) {
    List<DataType> whole = List.of(DataTypes.IntegerType, DataTypes.LongType);
    List<DataType> broken = List.of(DataTypes.FloatType, DataTypes.DoubleType);
    if (whole.contains(left) && whole.contains(right)) {
      return DataTypes.LongType;
    }
    return broken.contains(left) && broken.contains(right) ? DataTypes.DoubleType : null;
  }

  // --- writing ---------------------------------------------------------------------------------------------------

  /** The schema of files of such rows; throws {@code IllegalArgumentException} for a type that Avro has not. */
  static Schema file(StructType rows) {
    return record(rows, ROOT, null);
  }

  private static Schema record(StructType type, String name, String space) {
    List<Schema.Field> fields = new ArrayList<>();
    String inside = space == null ? name : space + "." + name;
    for (StructField field : type.fields()) {
      Schema schema = avro(field.dataType(), field.nullable(), field.name(), inside);
      Object usual = field.nullable() ? Schema.Field.NULL_DEFAULT_VALUE : null;
      fields.add(new Schema.Field(field.name(), schema, null, usual));
    }
    return Schema.createRecord(name, null, space, false, fields);
  }

  private static Schema avro(DataType type, boolean isNullable, String name, String space) {
    Schema schema = avro(type, name, space);
    // Null first: the default of a union is a value of its first branch.
    return isNullable && schema.getType() != Schema.Type.NULL
        ? Schema.createUnion(Schema.create(Schema.Type.NULL), schema) : schema;
  }

  private static Schema avro(DataType type, String name, String space) {
    if (type instanceof StructType) {
      return record((StructType) type, name, space);
    }
    if (type instanceof ArrayType) {
      ArrayType array = (ArrayType) type;
      return Schema.createArray(avro(array.elementType(), array.containsNull(), name, space));
    }
    if (type instanceof MapType && ((MapType) type).keyType().equals(DataTypes.StringType)) {
      MapType map = (MapType) type;
      return Schema.createMap(avro(map.valueType(), map.valueContainsNull(), name, space));
    }
    if (type instanceof DecimalType) {
      DecimalType decimal = (DecimalType) type;
      return LogicalTypes.decimal(decimal.precision(), decimal.scale()).addToSchema(Schema.create(Schema.Type.BYTES));
    }
    switch (type.typeName()) {
      case "boolean": return Schema.create(Schema.Type.BOOLEAN);
      case "byte":
      case "short":
      case "integer": return Schema.create(Schema.Type.INT);
      case "long": return Schema.create(Schema.Type.LONG);
      case "float": return Schema.create(Schema.Type.FLOAT);
      case "double": return Schema.create(Schema.Type.DOUBLE);
      case "string": return Schema.create(Schema.Type.STRING);
      case "binary": return Schema.create(Schema.Type.BYTES);
      case "void": return Schema.create(Schema.Type.NULL);
      case "date": return LogicalTypes.date().addToSchema(Schema.create(Schema.Type.INT));
      case "timestamp": return LogicalTypes.timestampMicros().addToSchema(Schema.create(Schema.Type.LONG));
      case "timestamp_ntz": return LogicalTypes.localTimestampMicros().addToSchema(Schema.create(Schema.Type.LONG));
      default: throw new IllegalArgumentException("Avro has no type for " + name + ": " + type.simpleString());
    }
  }
}
