## Step 3: Query with Athena
athena_query = """
SELECT
  date_trunc('hour', timestamp) as hour,
  page,
  COUNT(*) as page_views,
  COUNT(DISTINCT user_id) as unique_visitors
FROM clickstream
WHERE year = 2024 AND month = 1 AND day = 15
GROUP BY 1, 2
ORDER BY page_views DESC;
"""
