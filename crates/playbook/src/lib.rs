//! Plays, blocks, tasks, roles and handlers: load and validate
