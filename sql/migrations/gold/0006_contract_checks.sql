-- Purpose: every CHECK that the contracts of gold state, under the name of its check; those without a name go.
-- Grain:   as the tables are. Source: contracts/gold.

ALTER TABLE gold.agg_daily_fraud
    ADD CONSTRAINT agg_daily_fraud_date_key_range CHECK (date_key BETWEEN 0 AND 99991231),
    ADD CONSTRAINT agg_daily_fraud_rule_enum CHECK (rule IN ('high_value', 'velocity', 'geographic', 'time_anomaly', 'blacklist', 'any')),
    ADD CONSTRAINT agg_daily_fraud_transactions_range CHECK (transactions >= 0),
    ADD CONSTRAINT agg_daily_fraud_alerts_range CHECK (alerts >= 0),
    ADD CONSTRAINT agg_daily_fraud_amount_alerted_range CHECK (amount_alerted >= 0 AND amount_alerted <> 'NaN'),
    ADD CONSTRAINT agg_daily_fraud_labelled_fraud_range CHECK (labelled_fraud >= 0),
    ADD CONSTRAINT agg_daily_fraud_true_positives_range CHECK (true_positives >= 0),
    ADD CONSTRAINT agg_daily_fraud_false_positives_range CHECK (false_positives >= 0),
    ADD CONSTRAINT agg_daily_fraud_amount_labelled_range CHECK (amount_labelled >= 0 AND amount_labelled <> 'NaN'),
    ADD CONSTRAINT agg_daily_fraud_amount_caught_range CHECK (amount_caught >= 0 AND amount_caught <> 'NaN');

ALTER TABLE gold.agg_hourly_sales
    ADD CONSTRAINT agg_hourly_sales_hour_start_format CHECK (hour_start BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT agg_hourly_sales_store_key_range CHECK (store_key >= 0),
    ADD CONSTRAINT agg_hourly_sales_currency_length CHECK (char_length(currency) BETWEEN 3 AND 3),
    ADD CONSTRAINT agg_hourly_sales_currency_pattern CHECK (currency ~ '^[A-Z]{{3}}$'),
    ADD CONSTRAINT agg_hourly_sales_transactions_range CHECK (transactions >= 1),
    ADD CONSTRAINT agg_hourly_sales_amount_sum_range CHECK (amount_sum >= 0 AND amount_sum <> 'NaN'),
    ADD CONSTRAINT agg_hourly_sales_amount_max_range CHECK (amount_max >= 0 AND amount_max <> 'NaN'),
    ADD CONSTRAINT agg_hourly_sales_customers_range CHECK (customers >= 1);

ALTER TABLE gold.agg_realtime_1h
    ADD CONSTRAINT agg_realtime_1h_window_start_format CHECK (window_start BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT agg_realtime_1h_currency_length CHECK (char_length(currency) BETWEEN 3 AND 3),
    ADD CONSTRAINT agg_realtime_1h_currency_pattern CHECK (currency ~ '^[A-Z]{{3}}$'),
    ADD CONSTRAINT agg_realtime_1h_channel_enum CHECK (channel IN ('web', 'app', 'in_store', 'phone', 'unknown')),
    ADD CONSTRAINT agg_realtime_1h_transactions_range CHECK (transactions >= 0),
    ADD CONSTRAINT agg_realtime_1h_amount_minor_sum_range CHECK (amount_minor_sum >= 0),
    ADD CONSTRAINT agg_realtime_1h_amount_minor_max_range CHECK (amount_minor_max >= 0),
    ADD CONSTRAINT agg_realtime_1h_updated_at_format CHECK (updated_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00');

ALTER TABLE gold.agg_realtime_1m
    ADD CONSTRAINT agg_realtime_1m_window_start_format CHECK (window_start BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT agg_realtime_1m_currency_length CHECK (char_length(currency) BETWEEN 3 AND 3),
    ADD CONSTRAINT agg_realtime_1m_currency_pattern CHECK (currency ~ '^[A-Z]{{3}}$'),
    ADD CONSTRAINT agg_realtime_1m_channel_enum CHECK (channel IN ('web', 'app', 'in_store', 'phone', 'unknown')),
    ADD CONSTRAINT agg_realtime_1m_transactions_range CHECK (transactions >= 0),
    ADD CONSTRAINT agg_realtime_1m_amount_minor_sum_range CHECK (amount_minor_sum >= 0),
    ADD CONSTRAINT agg_realtime_1m_amount_minor_max_range CHECK (amount_minor_max >= 0),
    ADD CONSTRAINT agg_realtime_1m_updated_at_format CHECK (updated_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00');

ALTER TABLE gold.agg_realtime_5m
    ADD CONSTRAINT agg_realtime_5m_window_start_format CHECK (window_start BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT agg_realtime_5m_currency_length CHECK (char_length(currency) BETWEEN 3 AND 3),
    ADD CONSTRAINT agg_realtime_5m_currency_pattern CHECK (currency ~ '^[A-Z]{{3}}$'),
    ADD CONSTRAINT agg_realtime_5m_channel_enum CHECK (channel IN ('web', 'app', 'in_store', 'phone', 'unknown')),
    ADD CONSTRAINT agg_realtime_5m_transactions_range CHECK (transactions >= 0),
    ADD CONSTRAINT agg_realtime_5m_amount_minor_sum_range CHECK (amount_minor_sum >= 0),
    ADD CONSTRAINT agg_realtime_5m_amount_minor_max_range CHECK (amount_minor_max >= 0),
    ADD CONSTRAINT agg_realtime_5m_updated_at_format CHECK (updated_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00');

ALTER TABLE gold.dim_customer
    DROP CONSTRAINT dim_customer_customer_key_check,
    ADD CONSTRAINT dim_customer_customer_key_range CHECK (customer_key >= 0),
    ADD CONSTRAINT dim_customer_customer_id_length CHECK (char_length(customer_id) <= 64),
    ADD CONSTRAINT dim_customer_segment_enum CHECK (segment IN ('standard', 'plus', 'business')),
    ADD CONSTRAINT dim_customer_country_length CHECK (char_length(country) BETWEEN 2 AND 2),
    ADD CONSTRAINT dim_customer_country_pattern CHECK (country ~ '^[A-Z]{{2}}$'),
    ADD CONSTRAINT dim_customer_city_length CHECK (char_length(city) BETWEEN 1 AND 128),
    ADD CONSTRAINT dim_customer_home_latitude_range CHECK (home_latitude BETWEEN -90 AND 90),
    ADD CONSTRAINT dim_customer_home_longitude_range CHECK (home_longitude BETWEEN -180 AND 180),
    ADD CONSTRAINT dim_customer_utc_offset_min_range CHECK (utc_offset_min BETWEEN -720 AND 840),
    ADD CONSTRAINT dim_customer_signup_date_format CHECK (signup_date BETWEEN '0001-01-01' AND '9999-12-31'),
    ADD CONSTRAINT dim_customer_valid_from_format CHECK (valid_from BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT dim_customer_valid_to_format CHECK (valid_to BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00');

ALTER TABLE gold.dim_date
    ADD CONSTRAINT dim_date_date_key_range CHECK (date_key BETWEEN 0 AND 99991231),
    ADD CONSTRAINT dim_date_date_format CHECK (date BETWEEN '0001-01-01' AND '9999-12-31'),
    ADD CONSTRAINT dim_date_quarter_range CHECK (quarter BETWEEN 1 AND 4),
    ADD CONSTRAINT dim_date_month_range CHECK (month BETWEEN 1 AND 12),
    ADD CONSTRAINT dim_date_month_name_enum CHECK (month_name IN ('January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December')),
    ADD CONSTRAINT dim_date_day_range CHECK (day BETWEEN 1 AND 31),
    ADD CONSTRAINT dim_date_iso_week_range CHECK (iso_week BETWEEN 1 AND 53),
    ADD CONSTRAINT dim_date_weekday_range CHECK (weekday BETWEEN 1 AND 7),
    ADD CONSTRAINT dim_date_weekday_name_enum CHECK (weekday_name IN ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'));

ALTER TABLE gold.dim_product
    DROP CONSTRAINT dim_product_product_key_check,
    ADD CONSTRAINT dim_product_product_key_range CHECK (product_key >= 0),
    ADD CONSTRAINT dim_product_product_id_length CHECK (char_length(product_id) <= 64),
    ADD CONSTRAINT dim_product_name_length CHECK (char_length(name) BETWEEN 1 AND 128),
    ADD CONSTRAINT dim_product_category_length CHECK (char_length(category) BETWEEN 1 AND 64),
    ADD CONSTRAINT dim_product_product_class_enum CHECK (product_class IN ('grocery', 'fashion', 'home', 'electronics', 'luxury', 'digital', 'travel')),
    ADD CONSTRAINT dim_product_list_price_minor_range CHECK (list_price_minor BETWEEN 0 AND 10000000000),
    ADD CONSTRAINT dim_product_valid_from_format CHECK (valid_from BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT dim_product_valid_to_format CHECK (valid_to BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00');

ALTER TABLE gold.dim_store
    DROP CONSTRAINT dim_store_store_key_check,
    ADD CONSTRAINT dim_store_store_key_range CHECK (store_key >= 0),
    ADD CONSTRAINT dim_store_store_id_length CHECK (char_length(store_id) <= 64),
    ADD CONSTRAINT dim_store_name_length CHECK (char_length(name) BETWEEN 1 AND 128),
    ADD CONSTRAINT dim_store_city_length CHECK (char_length(city) BETWEEN 1 AND 128),
    ADD CONSTRAINT dim_store_country_length CHECK (char_length(country) BETWEEN 2 AND 2),
    ADD CONSTRAINT dim_store_country_pattern CHECK (country ~ '^[A-Z]{{2}}$'),
    ADD CONSTRAINT dim_store_latitude_range CHECK (latitude BETWEEN -90 AND 90),
    ADD CONSTRAINT dim_store_longitude_range CHECK (longitude BETWEEN -180 AND 180),
    ADD CONSTRAINT dim_store_opened_on_format CHECK (opened_on BETWEEN '0001-01-01' AND '9999-12-31'),
    ADD CONSTRAINT dim_store_format_enum CHECK (format IN ('online', 'flagship', 'outlet', 'popup')),
    ADD CONSTRAINT dim_store_valid_from_format CHECK (valid_from BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT dim_store_valid_to_format CHECK (valid_to BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00');

ALTER TABLE gold.fact_transactions
    ADD CONSTRAINT fact_transactions_transaction_key_range CHECK (transaction_key >= 1),
    ADD CONSTRAINT fact_transactions_transaction_id_length CHECK (char_length(transaction_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT fact_transactions_transaction_id_pattern CHECK (transaction_id ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT fact_transactions_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT fact_transactions_customer_id_pattern CHECK (customer_id ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT fact_transactions_customer_key_range CHECK (customer_key >= 0),
    ADD CONSTRAINT fact_transactions_product_key_range CHECK (product_key >= 0),
    ADD CONSTRAINT fact_transactions_store_key_range CHECK (store_key >= 0),
    ADD CONSTRAINT fact_transactions_date_key_range CHECK (date_key BETWEEN 0 AND 99991231),
    ADD CONSTRAINT fact_transactions_event_timestamp_format CHECK (event_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT fact_transactions_amount_range CHECK (amount BETWEEN 0.01 AND 100000000),
    ADD CONSTRAINT fact_transactions_currency_length CHECK (char_length(currency) BETWEEN 3 AND 3),
    ADD CONSTRAINT fact_transactions_currency_pattern CHECK (currency ~ '^[A-Z]{{3}}$'),
    ADD CONSTRAINT fact_transactions_quantity_range CHECK (quantity BETWEEN 1 AND 1000),
    ADD CONSTRAINT fact_transactions_channel_enum CHECK (channel IN ('web', 'app', 'in_store', 'phone')),
    ADD CONSTRAINT fact_transactions_merchant_id_length CHECK (char_length(merchant_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT fact_transactions_merchant_id_pattern CHECK (merchant_id ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT fact_transactions_fraud_score_range CHECK (fraud_score BETWEEN 0 AND 1),
    ADD CONSTRAINT fact_transactions_processing_timestamp_format CHECK (processing_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00');
