//! Extended public keys (BIP32): checking one, and the P2PKH addresses that contracts take from it. The interface over
//! bip32, bs58 and ripemd, which live here alone.
//!
//! Only public keys and non-hardened steps: nothing here can sign, and a private key is refused without being told.

use std::fmt;

use bip32::{ChildNumber, ExtendedKey, Prefix, PublicKey as _, XPrv, XPub};
use ring::digest::{SHA256, digest};
use ripemd::{Digest as _, Ripemd160};

use crate::model::Error;
use crate::model::kind::device::XPUB_SIGNS;

/// The version byte of addresses: those of the test network.
const P2PKH: u8 = 0x6f;
/// The first index that would be hardened.
const HARDENED: u32 = 1 << 31;

/// Where addresses of a device stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chain {
    /// 0/0/1/n: the device as provider or revoker.
    Provider,
    /// 0/1/0/n: the device as user.
    User,
}

impl Chain {
    /// Its word in the names of counters; never changes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::User => "user",
        }
    }

    const fn steps(self) -> [u32; 3] {
        match self {
            Self::Provider => [0, 0, 1],
            Self::User => [0, 1, 0],
        }
    }
}

/// An extended public key that was checked.
#[derive(Clone)]
pub struct HdKey(XPub);

/// The addresses of a key at its first place and along its chains, the steps they share taken once.
#[derive(Clone)]
pub struct Wallet {
    first: String,
    provider: XPub,
    user: XPub,
    identity: String,
}

fn refused() -> Error {
    Error::invalid("xpub", "expected an extended public key (xpub or tpub) in base58check")
}

fn child(key: &XPub, index: u32) -> Result<XPub, Error> {
    let number = ChildNumber::new(index, false).map_err(|_| Error::internal("a hardened step"))?;
    // Of one index in 2^127 there is no key, and a key of the greatest depth has no children.
    key.derive_child(number).map_err(|_| refused())
}

fn along(key: &XPub, steps: &[u32]) -> Result<XPub, Error> {
    steps.iter().try_fold(key.clone(), |key, step| child(&key, *step))
}

fn address(key: &XPub) -> String {
    let hash = Ripemd160::digest(digest(&SHA256, &key.public_key().to_bytes()).as_ref());
    bs58::encode(hash).with_check_version(P2PKH).into_string()
}

impl HdKey {
    /// Reads a key; error 1 for anything but a public one on the curve.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > XPUB_SIGNS {
            return Err(refused());
        }
        let key: ExtendedKey = text.parse().map_err(|_| refused())?;
        if ![Prefix::TPUB, Prefix::XPUB].contains(&key.prefix) {
            return Err(refused());
        }
        XPub::try_from(key).map(Self).map_err(|_| refused())
    }

    /// A fresh key from 32 random bytes, as text. Its private half is gone when this returns.
    pub fn fresh(seed: &[u8; 32]) -> Result<String, Error> {
        let private = XPrv::new(seed).map_err(|_| Error::internal("these random bytes are no key"))?;
        Ok(private.public_key().to_string(Prefix::TPUB))
    }

    /// Its addresses; error 1 where it is too deep to have any.
    pub fn wallet(&self) -> Result<Wallet, Error> {
        let bytes = [&self.0.to_bytes()[..], &self.0.attrs().chain_code[..]].concat();
        let hash = digest(&SHA256, &bytes);
        let identity = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}"));
        Ok(Wallet {
            first: address(&along(&self.0, &[0, 0, 0, 0])?),
            provider: along(&self.0, &Chain::Provider.steps())?,
            user: along(&self.0, &Chain::User.steps())?,
            identity: identity.collect(),
        })
    }
}

impl Wallet {
    /// The wallet of a key as it was stored.
    pub fn of(xpub: &str) -> Result<Self, Error> {
        HdKey::parse(xpub)?.wallet()
    }

    /// What tells its key from every other, however it is written: 32 hexadecimal digits.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The address at 0/0/0/0.
    pub fn first(&self) -> &str {
        &self.first
    }

    /// The address at place `index` of a chain; error 15 when the chain is used up.
    pub fn address(&self, chain: Chain, index: i64) -> Result<String, Error> {
        let index = u32::try_from(index).ok().filter(|index| *index < HARDENED);
        let index = index.ok_or_else(|| Error::conflict("the device has no more addresses"))?;
        let parent = match chain {
            Chain::Provider => &self.provider,
            Chain::User => &self.user,
        };
        child(parent, index).map(|key| address(&key))
    }
}

impl fmt::Debug for HdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HdKey(…)")
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet").field("identity", &self.identity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "tpubDAjeiZPBWjUzphKoEJhkBdiqCSjkunkKQmUxGycsWBPH2aHqdAmJXoRhY6NfNAmRXLmQikRxZM1urcP4Rv7Fb3mcSFpozMstdqUtmSwjFJp";
    const OTHER: &str = "tpubDAnD549eCz2j2w21P6sx9NvXJrEoWzVevpbvXDpwQzKTC9xWsr8emiEdJ64h1qXbYE4SbDJNbZ7imotNPsGD8RvHQvh6xtgMJTczb8WW8X8";
    // From the test vectors of BIP32: the first chain's master.
    const MAIN: &str = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
    const PRIVATE: &str = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";

    #[test]
    fn addresses_are_those_of_the_contract() {
        let one = Wallet::of(ONE).unwrap();
        assert_eq!(one.first(), "mj3Ggr43QMSea1s6H3nYJRE3m5GjhGFcLb");
        assert_eq!(one.address(Chain::Provider, 0).unwrap(), "mvshkGmi8S1xkXnbWVqUEeyom9a15ot2LM");
        assert_eq!(one.address(Chain::Provider, 1).unwrap(), "mwGSeZ94LAp48pzqf2Pdm5Mmzc3n6xgmS6");
        assert_eq!(one.address(Chain::User, 0).unwrap(), "mgXg8FWaYaDVcsvjJq4jW7vrxQCRtjPchs");
        assert_eq!(one.address(Chain::User, 1).unwrap(), "n1wedhTSdHSKk8k584kbPvgdmJ8zfif72m");
        assert_eq!(Wallet::of(OTHER).unwrap().first(), "mgvAfpjBzHVtGQqtqRC9QSgfR7AKawSUEN");
    }

    #[test]
    fn a_chain_ends_where_hardened_steps_begin() {
        let wallet = Wallet::of(ONE).unwrap();
        assert!(wallet.address(Chain::User, i64::from(HARDENED) - 1).is_ok());
        for beyond in [i64::from(HARDENED), i64::MAX, -1] {
            let error = wallet.address(Chain::User, beyond).unwrap_err();
            assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
        }
    }

    #[test]
    fn a_key_is_told_by_what_it_is_and_not_by_its_spelling() {
        let main = HdKey::parse(MAIN).unwrap();
        let spelled = main.0.to_string(Prefix::TPUB);
        assert_eq!(Wallet::of(&spelled).unwrap().identity(), main.wallet().unwrap().identity());
        assert_ne!(Wallet::of(ONE).unwrap().identity(), Wallet::of(OTHER).unwrap().identity());
        assert_eq!(main.wallet().unwrap().identity().len(), 32);
    }

    #[test]
    fn fresh_keys_are_keys_of_the_test_network() {
        let (one, other) = (HdKey::fresh(&[7; 32]).unwrap(), HdKey::fresh(&[8; 32]).unwrap());
        assert!(one.starts_with("tpubD6NzVbkrYhZ4") && one != other, "{one}");
        assert!(Wallet::of(&one).unwrap().first().starts_with(['m', 'n']));
    }

    #[test]
    fn what_is_no_public_key_is_refused_without_repeating_it() {
        let mut wrong = vec![
            String::new(),
            "xpub".to_owned(),
            PRIVATE.to_owned(),
            MAIN[..MAIN.len() - 1].to_owned(),
            format!("{MAIN}1"),
            format!(" {MAIN}"),
            MAIN.replace('A', "0"),
            "x".repeat(10_000),
            "ä".repeat(60),
            "1".repeat(111),
        ];
        // Every sign changed once: the checksum finds it.
        for place in 0..MAIN.len() {
            let mut text = MAIN.as_bytes().to_vec();
            text[place] = if text[place] == b'2' { b'3' } else { b'2' };
            wrong.push(String::from_utf8(text).unwrap());
        }
        // A point that is not on the curve, and private and other prefixes, under a right checksum.
        let changed = |change: fn(&mut ExtendedKey)| {
            let mut parts: ExtendedKey = MAIN.parse().unwrap();
            change(&mut parts);
            parts.to_string()
        };
        wrong.push(changed(|parts| parts.key_bytes = [5; 33]));
        wrong.push(changed(|parts| parts.prefix = Prefix::YPUB));
        wrong.push(changed(|parts| parts.prefix = Prefix::XPRV));
        for text in wrong {
            let error = HdKey::parse(&text).unwrap_err();
            assert!(matches!(&error, Error::Invalid { parameter, .. } if parameter == "xpub"), "{text}");
            assert!(text.len() < 5 || !error.to_string().contains(&text), "{error}");
        }
    }

    #[test]
    fn a_key_that_is_too_deep_has_no_addresses() {
        let mut key: ExtendedKey = MAIN.parse().unwrap();
        key.attrs.depth = 252;
        assert!(HdKey::parse(&key.to_string()).unwrap().wallet().is_err());
        key.attrs.depth = 251;
        assert!(HdKey::parse(&key.to_string()).unwrap().wallet().is_ok());
    }
}
