//! Native modules: what runs on the target
