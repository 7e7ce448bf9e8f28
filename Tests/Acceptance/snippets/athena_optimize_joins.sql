-- Optimize joins
SELECT a.user_id, b.purchase_count
FROM users a
JOIN (
    SELECT user_id, count(*) as purchase_count
    FROM purchases
    GROUP BY user_id
) b ON a.user_id = b.user_id
