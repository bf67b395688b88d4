//! How big a document may be. Figures only; they are enforced where the thing counted is read.

/// The sizes that a document coming in may have (conventions, Parameters). Over one of them the answer is error 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub bytes: usize,
    /// Nesting depth of elements; the root is at depth 1. More than [`Limits::MAX_DEPTH`] counts as that.
    pub depth: usize,
    /// XML attributes of one element, and children of one element.
    pub members: usize,
    /// Bytes of one value: the text of a `Value` or `Id`, or an XML attribute.
    pub value_bytes: usize,
    /// Namespace declarations in scope at once.
    pub namespaces: usize,
}

impl Limits {
    /// The deepest nesting that a configuration can ask for, because reading goes as deep on the stack.
    pub const MAX_DEPTH: usize = 256;

    /// The depth that is enforced.
    pub(super) fn effective_depth(&self) -> usize {
        self.depth.min(Self::MAX_DEPTH)
    }
}

impl Default for Limits {
    /// 1 MiB, depth 32, 10,000 attributes or children, 64 KiB a value, 128 namespaces.
    fn default() -> Self {
        Self { bytes: 1 << 20, depth: 32, members: 10_000, value_bytes: 64 << 10, namespaces: 128 }
    }
}
