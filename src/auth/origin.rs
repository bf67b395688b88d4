//! The part of a peer's address by which callers are told apart.
//!
//! Says nothing about who a caller is and must not read proxy headers: the address given is taken as true.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The network a request came from: one IPv4 address, or one IPv6 /64 (the smallest block a subscriber gets, so
/// single addresses in it cost an attacker nothing). IPv4 mapped into IPv6 counts as IPv4.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Origin(IpAddr);

impl Origin {
    /// The origin of a peer at `address`.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
            v4 @ IpAddr::V4(_) => v4,
        })
    }

    /// The wider network around it, for bookkeeping that has run out of room: IPv4 /16, IPv6 /32.
    #[must_use]
    pub fn wider(self) -> Self {
        Self(match self.0 {
            IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & (u32::MAX << 16)).into()),
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & (u128::MAX << 96)).into()),
        })
    }

    /// Sixteen bytes that name the origin; IPv4 in its mapped form.
    pub fn octets(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        Origin::of(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_one_ipv6_64_are_one_origin_and_the_next_64_is_another() {
        assert_eq!(origin("2001:db8:1:2::1"), origin("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(origin("2001:db8:1:2::1"), origin("2001:db8:1:3::1"));
        assert_eq!(origin("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
    }

    #[test]
    fn every_ipv4_address_is_an_origin_of_its_own_also_when_mapped() {
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
        assert_eq!(origin("192.0.2.1"), origin("::ffff:192.0.2.1"));
    }

    #[test]
    fn the_wider_network_holds_neighbours_together() {
        assert_eq!(origin("192.0.2.1").wider(), origin("192.0.9.9").wider());
        assert_ne!(origin("192.0.2.1").wider(), origin("192.1.2.1").wider());
        assert_eq!(origin("2001:db8:1::").wider(), origin("2001:db8:ffff::").wider());
    }
}
