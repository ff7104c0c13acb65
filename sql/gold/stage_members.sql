-- Purpose: read the versions of members that silver wrote after one load and up to another.
-- Grain:   one row a version. Key: the member and valid_from. Source: contracts/silver, customers, products or stores.
INSERT INTO {batch}
SELECT * FROM {source} WHERE loaded_at > {after} AND loaded_at <= {up_to};
