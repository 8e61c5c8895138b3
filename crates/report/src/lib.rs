//! Events to terminal, JSON, JUnit and journal
