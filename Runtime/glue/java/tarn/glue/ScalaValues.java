package tarn.glue;

import java.util.List;
import java.util.Map;
import scala.Option;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.collection.mutable.Builder;

/** Java's collections as Scala's, and the reverse. */
final class ScalaValues {
  private ScalaValues() {}

  static <T> Seq<T> seq(List<T> values) {
    return JavaConverters.asScalaBufferConverter(values).asScala().toList();
  }

  static <T> List<T> list(Seq<T> values) {
    return JavaConverters.seqAsJavaList(values);
  }

  @SuppressWarnings("unchecked")
  static scala.collection.immutable.Map<String, String> map(Map<String, String> values) {
    Builder<Tuple2<String, String>, scala.collection.immutable.Map<String, String>> builder =
        (Builder<Tuple2<String, String>, scala.collection.immutable.Map<String, String>>)
            (Builder<?, ?>) scala.collection.immutable.Map$.MODULE$.<String, String>newBuilder();
    values.forEach((key, value) -> builder.$plus$eq(new Tuple2<>(key, value)));
    return builder.result();
  }

  static Map<String, String> map(scala.collection.Map<String, String> values) {
    return JavaConverters.mapAsJavaMap(values);
  }

  static <T> T orNull(Option<T> value) {
    return value.isDefined() ? value.get() : null;
  }

  /** Throws what Scala's interfaces do not declare and Spark's callers expect (AnalysisException's subclasses). */
  @SuppressWarnings("unchecked")
  static <E extends Throwable> RuntimeException unchecked(Throwable error) throws E {
    throw (E) error;
  }
}
