//! Tests of the listener over raw sockets, plain and with TLS: what no well-behaved client would send.

mod house;
mod malformed;
mod pace;
mod stream;
