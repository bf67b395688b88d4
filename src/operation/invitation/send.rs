//! Sending an invitation: its token is kept as a hash, its mail goes into the outbox, both with the change.

use std::fmt;

use crate::model::invitation::Step;
use crate::model::kind::{mandate, mandate_invitation, organization, role, role_invitation, user};
use crate::model::letter::{Letter, LetterKind, check_address};
use crate::model::rules::Companions;
use crate::model::{AttrId, Attributes, Error, Kind, Stored, Value};
use crate::operation::engine::Engine;
use crate::operation::invitation::Offer;
use crate::operation::invitation::token::Token;
use crate::operation::post;
use crate::operation::resolve::load_companions;
use crate::store::Write;
use crate::store::secret::Secret;

/// Wrong attempts are not counted on a token: nobody can tell to which one they were meant, and 256 bits are not
/// guessed.
const TRIES: i64 = 1;

/// A mail to be written, with the token it will carry.
#[derive(Clone)]
pub struct Sending {
    engine: Engine,
    offer: Offer,
    letter: LetterKind,
    token: Token,
}

impl Sending {
    /// A mail of that sort; its token is made here, before the first run.
    pub fn new(engine: &Engine, offer: Offer, letter: LetterKind) -> Self {
        Self { engine: engine.clone(), offer, letter, token: Token::fresh(engine.world.as_ref()) }
    }

    /// Sends `invitation`, making every earlier token of it worthless; false when there is no address to send to.
    pub async fn send(&self, tx: &mut dyn Write, invitation: &Stored) -> Result<bool, Error> {
        tx.drop_secrets(self.offer.purpose(), invitation.row()).await?;
        let Some(mut letter) = self.letter(tx, invitation).await? else { return Ok(false) };
        let expires = match invitation.attributes().first(self.offer.life().1) {
            Some(Value::Instant(at)) => *at,
            _ => return Err(Error::internal("an invitation without an end")),
        };
        letter.expires = Some(expires);
        let path = format!("{}/{}/accept", self.offer.kind().def().path, invitation.id());
        letter.link = Some(self.engine.letters.link(&path, self.token.text()));
        let hash = self.token.hash();
        let (purpose, subject) = (self.offer.purpose(), invitation.row());
        tx.put_secret(&Secret { purpose, hash: &hash, subject, expires, uses: 1, tries: TRIES }).await?;
        post(tx, &self.engine, &letter).await?;
        Ok(true)
    }

    async fn letter(&self, tx: &mut dyn Write, invitation: &Stored) -> Result<Option<Letter>, Error> {
        let mut with = Companions::default();
        load_companions(tx, invitation.attributes(), &mut with).await?;
        match self.offer {
            Offer::Roles => self.of_roles(tx, invitation.attributes(), with).await,
            Offer::Mandate => self.of_mandate(tx, invitation.attributes(), with).await,
        }
    }

    async fn of_roles(
        &self,
        tx: &mut dyn Write,
        invitation: &Attributes,
        mut with: Companions,
    ) -> Result<Option<Letter>, Error> {
        let invited = with.of(invitation, role_invitation::USER).map(|user| user.attributes().clone());
        let own = invitation.text(role_invitation::EMAIL);
        let Some(to) = own.or_else(|| invited.as_ref().and_then(mailable)) else { return Ok(None) };
        let mut letter = Letter::new(self.letter, to);
        letter.locale = invitation.text(role_invitation::LOCALE).map(str::to_owned);
        letter.roles = role_names(invitation, role_invitation::ROLE, &with);
        let mut owner = with.of(invitation, role_invitation::ROLE).map(|role| role.attributes().clone());
        if let Some(invited) = invited {
            address(&mut letter, &invited);
            owner = owner.or(Some(invited));
        }
        if let Some(owner) = owner {
            load_companions(tx, &owner, &mut with).await?;
            let home = with.of(&owner, role::ORGANIZATION).or_else(|| with.of(&owner, user::HOME));
            letter.organization = home.map(name_of);
        }
        letter.inviter = person(invitation, role_invitation::INVITER, &with);
        letter.message = invitation.text(role_invitation::MESSAGE).map(str::to_owned);
        Ok(Some(letter))
    }

    async fn of_mandate(
        &self,
        tx: &mut dyn Write,
        invitation: &Attributes,
        mut with: Companions,
    ) -> Result<Option<Letter>, Error> {
        let Some(to) = invitation.text(mandate_invitation::EMAIL) else { return Ok(None) };
        let mut letter = Letter::new(self.letter, to);
        let offered = with.of(invitation, mandate_invitation::MANDATE).map(|it| it.attributes().clone());
        if let Some(offered) = offered {
            load_companions(tx, &offered, &mut with).await?;
            letter.roles = role_names(&offered, mandate::ROLE, &with);
            letter.organization = with.of(&offered, mandate::MANDATER).map(name_of);
        }
        letter.inviter = person(invitation, mandate_invitation::INVITER, &with);
        Ok(Some(letter))
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").field("letter", &self.letter).finish_non_exhaustive()
    }
}

/// A user's address, when mail can be sent there.
pub fn mailable(user: &Attributes) -> Option<&str> {
    user.text(user::EMAIL).filter(|address| check_address("email", address).is_ok())
}

/// Addresses a letter to a user: by its name, in its locale.
pub fn address(letter: &mut Letter, user: &Attributes) {
    letter.recipient = Some(user::display_name(user));
    if let Some(locale) = user.text(user::LOCALE) {
        letter.locale.get_or_insert_with(|| locale.to_owned());
    }
}

/// The names of the roles that an attribute refers to, for people.
pub fn role_names(of: &Attributes, attr: AttrId, with: &Companions) -> Vec<String> {
    let roles = of.values(attr).iter().filter_map(|value| with.get(value.as_ref()?.id));
    roles.map(name_of).collect()
}

/// What people call a user, organization or role.
pub fn name_of(entity: &Stored) -> String {
    let attributes = entity.attributes();
    let first = |attrs: [AttrId; 2]| {
        attrs.into_iter().filter_map(|attr| attributes.text(attr)).find(|text| !text.is_empty())
    };
    match entity.kind() {
        Kind::User => return user::display_name(attributes),
        Kind::Role => first([role::FRIENDLY_NAME, role::NAME]),
        _ => first([organization::FRIENDLY_NAME, organization::TECHNICAL_NAME]),
    }
    .unwrap_or_default()
    .to_owned()
}

/// The name of a person that an attribute refers to, or the text it holds.
fn person(of: &Attributes, attr: AttrId, with: &Companions) -> Option<String> {
    with.of(of, attr).map(name_of).or_else(|| of.text(attr).map(str::to_owned))
}

/// Puts an invitation back to Sent, to end after the configured time from `now`; error 15 where it is over.
pub fn renew(engine: &Engine, offer: Offer, invitation: &Attributes, now: i64) -> Result<Attributes, Error> {
    let (state, expires) = offer.life();
    let next = crate::model::invitation::State::of(invitation, offer.life(), now).after(Step::Resend)?;
    let mut renewed = invitation.clone();
    renewed.put(state, Value::text(next.name()));
    renewed.put(expires, Value::Instant(engine.settings.invitation_end(now)));
    Ok(renewed)
}
