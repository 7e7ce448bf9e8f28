CREATE TABLE sales (
sale_id BIGINT,
product_id INT,
customer_id INT,
amount DECIMAL(10,2)
)
DISTSTYLE KEY
DISTKEY (product_id)
SORTKEY (sale_id);
