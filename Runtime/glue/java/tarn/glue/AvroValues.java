package tarn.glue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayBasedMapData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** Avro's values as Spark keeps them in its rows, and the reverse. The types are those of {@code AvroTypes}. */
final class AvroValues {
  private static final long MICROSECONDS = 1000;

  private AvroValues() {}

  // --- reading ---------------------------------------------------------------------------------------------------

  /** A record as a row of a type. Fields that the record has not are null. */
  static InternalRow row(IndexedRecord record, StructType type) {
    StructField[] fields = type.fields();
    Object[] values = new Object[fields.length];
    for (int index = 0; index < fields.length; index++) {
      Schema.Field field = record.getSchema().getField(fields[index].name());
      values[index] =
          field == null ? null : spark(record.get(field.pos()), field.schema(), fields[index].dataType());
    }
    return new GenericInternalRow(values);
  }

  private static Object spark(Object value, Schema schema, DataType type) {
    if (value == null) {
      return null;
    }
    if (schema.isUnion()) {
      Schema branch = schema.getTypes().get(GenericData.get().resolveUnion(schema, value));
      boolean isChoice = type instanceof StructType && AvroTypes.branches(schema).size() > 1;
      return isChoice ? choice(value, schema, branch, (StructType) type) : spark(value, branch, type);
    }
    if (type instanceof StructType) {
      return row((IndexedRecord) value, (StructType) type);
    }
    if (type instanceof ArrayType) {
      List<Object> items = new ArrayList<>();
      for (Object item : (Collection<?>) value) {
        items.add(spark(item, schema.getElementType(), ((ArrayType) type).elementType()));
      }
      return new GenericArrayData(items.toArray());
    }
    if (type instanceof MapType) {
      List<Object> keys = new ArrayList<>();
      List<Object> values = new ArrayList<>();
      ((Map<?, ?>) value).forEach((key, item) -> {
        keys.add(UTF8String.fromString(key.toString()));
        values.add(spark(item, schema.getValueType(), ((MapType) type).valueType()));
      });
      return new ArrayBasedMapData(new GenericArrayData(keys.toArray()), new GenericArrayData(values.toArray()));
    }
    if (type instanceof DecimalType) {
      DecimalType decimal = (DecimalType) type;
      int scale = ((LogicalTypes.Decimal) schema.getLogicalType()).getScale();
      return Decimal.apply(new BigDecimal(new BigInteger(bytes(value)), scale), decimal.precision(), decimal.scale());
    }
    return plain(value, schema.getLogicalType(), type);
  }

  private static Object plain(Object value, LogicalType logical, DataType type) {
    switch (type.typeName()) {
      case "boolean": return value;
      // A file may hold a narrower number than others of the same source.
      case "integer":
      case "date": return ((Number) value).intValue();
      case "long": return ((Number) value).longValue();
      case "float": return ((Number) value).floatValue();
      case "double": return ((Number) value).doubleValue();
      case "timestamp":
      case "timestamp_ntz":
        boolean isMillis =
            logical instanceof LogicalTypes.TimestampMillis || logical instanceof LogicalTypes.LocalTimestampMillis;
        return isMillis ? Math.multiplyExact((Long) value, MICROSECONDS) : (Long) value;
      case "string": return UTF8String.fromString(value.toString());
      case "binary": return bytes(value);
      default: return null;
    }
  }

  /** A value of a union with several branches: a struct in which the member of its branch is set. */
  private static InternalRow choice(Object value, Schema union, Schema branch, StructType type) {
    String name = AvroTypes.member(AvroTypes.branches(union).indexOf(branch));
    StructField[] fields = type.fields();
    Object[] members = new Object[fields.length];
    for (int index = 0; index < fields.length; index++) {
      if (fields[index].name().equals(name)) {
        members[index] = spark(value, branch, fields[index].dataType());
      }
    }
    return new GenericInternalRow(members);
  }

  private static byte[] bytes(Object value) {
    if (value instanceof GenericFixed) {
      return ((GenericFixed) value).bytes();
    }
    ByteBuffer buffer = ((ByteBuffer) value).duplicate();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  // --- writing ---------------------------------------------------------------------------------------------------

  /** A row as a record of a schema that {@code AvroTypes} made of the row's type. */
  static GenericData.Record record(InternalRow row, StructType type, Schema schema) {
    GenericData.Record record = new GenericData.Record(schema);
    StructField[] fields = type.fields();
    for (int index = 0; index < fields.length; index++) {
      DataType kind = fields[index].dataType();
      Object value = row.isNullAt(index) ? null : row.get(index, kind);
      record.put(index, avro(value, kind, schema.getFields().get(index).schema()));
    }
    return record;
  }

  private static Object avro(Object value, DataType type, Schema nullable) {
    if (value == null) {
      return null;
    }
    Schema schema = AvroTypes.branches(nullable).get(0);
    if (type instanceof StructType) {
      return record((InternalRow) value, (StructType) type, schema);
    }
    if (type instanceof ArrayType) {
      return array((ArrayData) value, ((ArrayType) type).elementType(), schema.getElementType());
    }
    if (type instanceof MapType) {
      MapData map = (MapData) value;
      List<Object> values = array(map.valueArray(), ((MapType) type).valueType(), schema.getValueType());
      Map<String, Object> items = new LinkedHashMap<>();
      for (int index = 0; index < map.numElements(); index++) {
        items.put(map.keyArray().getUTF8String(index).toString(), values.get(index));
      }
      return items;
    }
    if (type instanceof DecimalType) {
      BigDecimal decimal = ((Decimal) value).toJavaBigDecimal().setScale(((DecimalType) type).scale());
      return ByteBuffer.wrap(decimal.unscaledValue().toByteArray());
    }
    if (value instanceof UTF8String) {
      return value.toString();
    }
    if (value instanceof byte[]) {
      return ByteBuffer.wrap((byte[]) value);
    }
    // Avro's smallest whole number has 32 bits.
    return value instanceof Byte || value instanceof Short ? ((Number) value).intValue() : value;
  }

  private static List<Object> array(ArrayData array, DataType type, Schema schema) {
    List<Object> items = new ArrayList<>();
    for (int index = 0; index < array.numElements(); index++) {
      items.add(array.isNullAt(index) ? null : avro(array.get(index, type), type, schema));
    }
    return items;
  }
}
