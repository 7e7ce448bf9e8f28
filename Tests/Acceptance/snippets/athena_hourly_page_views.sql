-- Query using Glue catalog
SELECT
    date_trunc('hour', timestamp) as hour,
    count(*) as page_views,
    count(distinct user_id) as unique_users
FROM analytics.page_views
WHERE timestamp >= current_date - interval '7' day
GROUP BY date_trunc('hour', timestamp)
ORDER BY hour DESC
LIMIT 100
