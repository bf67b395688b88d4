//! The pure model.
