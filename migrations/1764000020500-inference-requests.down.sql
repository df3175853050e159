DROP TABLE inference_requests;
