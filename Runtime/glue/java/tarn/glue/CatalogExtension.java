package tarn.glue;

import java.lang.reflect.Field;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogWithListener;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Makes Glue's Data Catalog the catalog of Spark's sessions ({@code --enable-glue-datacatalog}).
 *
 * <p>Spark knows two catalogs, one in memory and Hive's, and takes no third by configuration. This extension is asked
 * when a session makes its analyzer, before any name is looked up, and puts Glue's in the place of the one in memory,
 * to which Spark's session speaks through a wrapper that tells listeners.
 */
public final class CatalogExtension extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    extensions.injectCheckRule(new AbstractFunction1<>() {
      @Override
      public scala.Function1<LogicalPlan, BoxedUnit> apply(SparkSession session) {
        install(session);
        return new AbstractFunction1<>() {
          @Override
          public BoxedUnit apply(LogicalPlan plan) {
            return BoxedUnit.UNIT;
          }
        };
      }
    });
    return BoxedUnit.UNIT;
  }

  private static synchronized void install(SparkSession session) {
    ExternalCatalogWithListener wrapper = session.sharedState().externalCatalog();
    if (wrapper.unwrapped() instanceof GlueExternalCatalog) {
      return;
    }
    try {
      Field delegate = ExternalCatalogWithListener.class.getDeclaredField("delegate");
      delegate.setAccessible(true);
      delegate.set(wrapper, new GlueExternalCatalog(
          session.sparkContext().conf(), session.sparkContext().hadoopConfiguration()));
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException("Glue's catalog does not fit this version of Spark", error);
    }
  }
}
