DROP TABLE audit_publications;
DROP TABLE audit_tiles;
DROP TABLE audit_checkpoints;
