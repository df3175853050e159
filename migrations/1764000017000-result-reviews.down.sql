DROP TABLE result_reviews;
DROP FUNCTION refuse_review_change;
ALTER TABLE inference_results DROP COLUMN review_revision;
