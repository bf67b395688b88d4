//! Secrets stay where they belong: a canary in every place that takes one is found nowhere else.

mod canary;
mod dump;
