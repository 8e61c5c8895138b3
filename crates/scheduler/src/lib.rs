//! The step graph and its strategies: no I/O, no clock
