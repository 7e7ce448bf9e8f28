SELECT * FROM spectrum_schema.sales_data WHERE year = 2024;
