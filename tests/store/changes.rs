//! Changes: what they may not break.
