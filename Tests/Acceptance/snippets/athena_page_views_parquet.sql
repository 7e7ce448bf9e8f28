-- Use columnar formats (Parquet)
CREATE TABLE page_views_parquet WITH (
    format = 'PARQUET',
    external_location = 's3://data-lake/processed/page_views/'
) AS
SELECT * FROM page_views
