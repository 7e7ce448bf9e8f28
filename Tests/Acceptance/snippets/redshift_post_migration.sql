-- Analyze table statistics for query planner
ANALYZE sales_fact;
-- Create materialized views for common queries
CREATE MATERIALIZED VIEW daily_sales_summary AS
SELECT
DATE_TRUNC('day', sale_date) as day,
product_category,
SUM(amount) as total_sales,
COUNT(*) as transaction_count
FROM sales_fact
GROUP BY 1, 2;
-- Set up automatic refresh
CREATE MATERIALIZED VIEW mv_top_customers
AUTO REFRESH YES AS
SELECT
customer_id,
SUM(amount) as lifetime_value
FROM sales_fact
GROUP BY customer_id
ORDER BY lifetime_value DESC
LIMIT 1000;
-- Vacuum and analyze regularly (in maintenance window)
VACUUM SORT ONLY sales_fact;
VACUUM DELETE ONLY sales_fact;
ANALYZE sales_fact;
