-- Pseudonyms begin with the id of their key. Byte by byte, its index finds those of one key, whatever the database's locale.
ALTER TABLE inference_results ALTER COLUMN patient_id TYPE text COLLATE "C";
