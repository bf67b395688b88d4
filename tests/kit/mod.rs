//! What several rooms of tests share. Holds no test.

pub mod postgres;
