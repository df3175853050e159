ALTER TABLE inference_results ALTER COLUMN patient_id TYPE text COLLATE "default";
