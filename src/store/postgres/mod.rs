//! PostgreSQL placeholder during build
