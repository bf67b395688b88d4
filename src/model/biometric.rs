//! What an extractor takes: a modality, with subtypes in brackets where not all of them are meant, such as `face`,
//! `iris[left,right]` or `finger[left thumb,right indexfinger]`. Words as in ISO/IEC 19785-3 (CBEFF), in any letter case;
//! kept in small letters, in the order given.

/// The modalities, each with the words its subtypes may be.
const MODALITIES: [(&str, Subtypes); 14] = [
    ("face", Subtypes::None),
    ("finger", Subtypes::Finger),
    ("iris", Subtypes::Side),
    ("retina", Subtypes::Side),
    ("ear", Subtypes::Side),
    ("hand", Subtypes::Side),
    ("foot", Subtypes::Side),
    ("vein", Subtypes::Finger),
    ("voice", Subtypes::None),
    ("dna", Subtypes::None),
    ("gait", Subtypes::None),
    ("keystroke", Subtypes::None),
    ("lipmovement", Subtypes::None),
    ("signature", Subtypes::None),
];

const SIDES: [&str; 2] = ["left", "right"];
const FINGERS: [&str; 6] =
    ["thumb", "indexfinger", "pointerfinger", "middlefinger", "ringfinger", "littlefinger"];

/// What may stand in the brackets.
#[derive(Clone, Copy)]
enum Subtypes {
    /// Nothing: there are no brackets.
    None,
    /// `left` or `right`.
    Side,
    /// A side, a finger, or the finger of a side.
    Finger,
}

impl Subtypes {
    fn holds(self, text: &str) -> bool {
        match self {
            Self::None => false,
            Self::Side => SIDES.contains(&text),
            Self::Finger => {
                let finger = text
                    .split_once(' ')
                    .map_or(text, |(side, finger)| if SIDES.contains(&side) { finger } else { "" });
                FINGERS.contains(&finger) || SIDES.contains(&text)
            }
        }
    }
}

/// The text in the form in which it is kept; the error says what was expected.
pub fn in_its_form(text: &str) -> Result<String, String> {
    let small = text.trim().to_ascii_lowercase();
    let (name, inside) = match small.split_once('[') {
        None => (small.as_str(), None),
        Some((name, rest)) => {
            let inside = rest.strip_suffix(']').filter(|inside| !inside.contains(['[', ']']));
            (name, Some(inside.ok_or("expected MODALITY or MODALITY[SUBTYPE,…]")?))
        }
    };
    let known = MODALITIES.iter().find(|(modality, _)| *modality == name.trim());
    let (modality, subtypes) = known.ok_or_else(|| {
        let names: Vec<&str> = MODALITIES.iter().map(|(name, _)| *name).collect();
        format!("expected a modality: one of {}", names.join(", "))
    })?;
    let Some(inside) = inside else { return Ok((*modality).to_owned()) };
    let mut listed: Vec<String> = Vec::new();
    for subtype in inside.split(',') {
        let subtype = subtype.split_whitespace().collect::<Vec<_>>().join(" ");
        if !subtypes.holds(&subtype) {
            return Err(format!("expected subtypes of {modality} in the brackets, each a known one"));
        }
        if listed.contains(&subtype) {
            return Err("expected each subtype once".to_owned());
        }
        listed.push(subtype);
    }
    Ok(format!("{modality}[{}]", listed.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_biometric_is_kept_in_small_letters() {
        for (given, kept) in [
            ("face", "face"),
            (" Face ", "face"),
            ("IRIS[Left,Right]", "iris[left,right]"),
            ("iris[ left ]", "iris[left]"),
            ("finger[Left IndexFinger,  right   thumb ]", "finger[left indexfinger,right thumb]"),
            ("finger[thumb]", "finger[thumb]"),
            ("finger[left]", "finger[left]"),
        ] {
            assert_eq!(in_its_form(given), Ok(kept.to_owned()), "{given}");
            assert_eq!(in_its_form(kept), Ok(kept.to_owned()), "{kept} again");
        }
    }

    #[test]
    fn what_is_no_modality_or_no_subtype_of_it_is_refused() {
        for bad in [
            "",
            "[",
            "]",
            "[left]",
            "nose",
            "face[]",
            "face[left]",
            "iris[]",
            "iris[left",
            "iris left]",
            "iris[left]]",
            "iris[[left]]",
            "iris[left,]",
            "iris[left,left]",
            "iris[LEFT,left]",
            "iris[up]",
            "iris[thumb]",
            "finger[left ]thumb",
            "finger[up thumb]",
            "finger[left nose]",
            "finger[thumb left]",
            "iris[left][right]",
            "iris;face",
            "iris[left right]",
            "finger[left right]",
            "ıris",
        ] {
            assert!(in_its_form(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_it_is_it_is_read_or_refused(text in ".{0,40}") {
            if let Ok(kept) = in_its_form(&text) {
                proptest::prop_assert_eq!(in_its_form(&kept), Ok(kept));
            }
        }

        #[test]
        fn near_misses_are_read_or_refused(text in "[a-z]{0,2}(iris|finger|face)?[\\[\\], a-z]{0,20}") {
            if let Ok(kept) = in_its_form(&text) {
                proptest::prop_assert_eq!(in_its_form(&kept), Ok(kept));
            }
        }
    }
}
