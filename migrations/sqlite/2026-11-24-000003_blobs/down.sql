DROP TABLE outputs;
DROP TABLE blobs;
