//! What a client observes, against a real server over both databases; the files mirror the addresses.

mod users;
