//! Matching: which source column fills which target field, with calibrated confidence.
