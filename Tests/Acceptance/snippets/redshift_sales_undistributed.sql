-- ❌ BAD: No distribution strategy for large fact table
CREATE TABLE sales (
sale_id BIGINT,
product_id INT,
customer_id INT,
amount DECIMAL(10,2)
);
-- Massive data shuffling during joins!
