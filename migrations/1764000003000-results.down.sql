DROP TABLE validation_results;
DROP TABLE inference_results;
