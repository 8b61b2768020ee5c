//! Values: strict parsers of single cells, shared by profile (which type fits?) and transform
//! (the kernels). They never round and never trim.
