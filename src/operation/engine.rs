//! What every operation needs: the store, the world, the settings and the caches that follow commits.

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::Scene;
use crate::crypto::policy_schema::PolicyTypes;
use crate::model::letter::Letters;
use crate::model::rules::Settings;
use crate::model::{Error, Grants, Registry};
use crate::operation::access::indexes::Indexes;
use crate::operation::device::memory::DeviceMemory;
use crate::operation::names::NameCache;
use crate::operation::once::Once;
use crate::operation::sink::Sink;
use crate::store::{SharedStore, Touched};
use crate::world::SharedWorld;

/// The services an operation works with; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    /// The store.
    pub store: SharedStore,
    /// Clock and random source.
    pub world: SharedWorld,
    /// The configuration's part.
    pub settings: Arc<Settings>,
    /// Words for letters.
    pub letters: Arc<dyn Letters>,
    /// What the documents of policies must be like.
    pub policy_types: Arc<PolicyTypes>,
    /// Names of organizations.
    pub names: Arc<NameCache>,
    /// What is remembered of devices and contracts.
    pub devices: Arc<DeviceMemory>,
    /// Who may call what.
    pub access: Arc<Indexes>,
    /// Where records of refusals and reads go.
    pub sink: Arc<Sink>,
    /// The id of the root organization.
    pub root: Uuid,
    /// The key that authenticates cursors; the same on every node.
    pub cursor_key: [u8; 32],
}

impl Engine {
    /// An engine over a store that [`crate::operation::setup`] has prepared.
    pub async fn over(
        store: SharedStore,
        world: SharedWorld,
        settings: Settings,
        letters: Arc<dyn Letters>,
        policy_types: Arc<PolicyTypes>,
    ) -> Result<Self, Error> {
        let prepared = crate::operation::setup::prepare(&store, &world, &settings).await?;
        let names = Arc::new(NameCache::new(Arc::clone(&store)));
        let listener = Arc::clone(&names);
        store.on_commit(Arc::new(move |touched: Touched| listener.committed(touched)));
        let devices = Arc::new(DeviceMemory::new(Arc::clone(&store)));
        let listener = Arc::clone(&devices);
        store.on_commit(Arc::new(move |touched: Touched| listener.committed(touched)));
        let access = Arc::new(Indexes::new(Arc::clone(&store)));
        let listener = Arc::clone(&access);
        store.on_commit(Arc::new(move |touched: Touched| listener.committed(touched)));
        let sink = Arc::new(Sink::new(Arc::clone(&store)));
        Ok(Self {
            store,
            sink,
            world,
            settings: Arc::new(settings),
            letters,
            policy_types,
            names,
            devices,
            access,
            root: prepared.root,
            cursor_key: prepared.cursor_key,
        })
    }

    /// The present attribute registry.
    pub fn registry(&self) -> Arc<Registry> {
        self.store.registry()
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("root", &self.root).finish_non_exhaustive()
    }
}

/// How a caller is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// The server itself, or somebody at its command line.
    Local,
    /// An API client that proved itself with its password.
    Client(Uuid),
    /// An API client that holds one of its access tokens.
    TokenHolder(Uuid),
    /// A partner's own user that proved itself with its password.
    User(Uuid),
    /// Nobody the store knows: vouched for by an issuer, or refused.
    Foreign,
    /// Somebody without an account, at a door that a token opens.
    Visitor,
}

impl Identity {
    /// The API client that calls.
    pub fn client(self) -> Option<Uuid> {
        match self {
            Self::Client(id) | Self::TokenHolder(id) => Some(id),
            Self::Local | Self::User(_) | Self::Foreign | Self::Visitor => None,
        }
    }
}

/// Who calls: the client, what it may do, and where it stands in the audit trail.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What the client may do.
    pub grants: Grants,
    /// The organization it is bounded to, with everything below; everything when `None`.
    pub within: Option<Uuid>,
    /// How it is known.
    pub identity: Identity,
    /// Name, address and request id for the records.
    pub scene: Scene,
    /// The key under which the request is performed at most once.
    pub once: Option<Arc<Once>>,
}

impl Caller {
    /// The server itself or somebody at its command line: may do everything.
    pub fn local(name: &str) -> Self {
        let scene = Scene {
            client: name.to_owned(),
            source: "local".to_owned(),
            request_id: String::new(),
            subject: None,
        };
        Self { grants: Grants::ADMIN, within: None, identity: Identity::Local, scene, once: None }
    }

    /// Nobody yet: may do nothing, only stands in the records.
    pub fn nobody(scene: Scene) -> Self {
        Self { grants: Grants::NONE, within: None, identity: Identity::Foreign, scene, once: None }
    }

    /// Whose keys of requests are meant: a client of the same name that is made anew is another one.
    pub fn owner(&self) -> String {
        match self.identity {
            Identity::Client(id) | Identity::TokenHolder(id) => id.to_string(),
            Identity::User(id) => format!("user {id}"),
            Identity::Local | Identity::Foreign | Identity::Visitor => format!("name {}", self.scene.client),
        }
    }

    /// Somebody without an account, who may do nothing unless a token opens it.
    pub fn visitor(source: String, request_id: String) -> Self {
        let scene = Scene { client: String::new(), source, request_id, subject: None };
        Self { identity: Identity::Visitor, ..Self::nobody(scene) }
    }

    /// Whether it is somebody without an account.
    pub fn is_visitor(&self) -> bool {
        self.identity == Identity::Visitor
    }
}
