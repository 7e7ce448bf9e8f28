CREATE TABLE sales (
sale_id INT,
product_id INT,
amount DECIMAL(10,2),
sale_date DATE
)
DISTSTYLE KEY
DISTKEY (product_id)
SORTKEY (sale_date);
