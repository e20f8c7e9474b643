//! Maps and sets without an order, as the hub, presence and the sockets have them.
//!
//! They are those of `std`, whose order is another one in each process, so that nobody can choose keys that collide. In a
//! build with the failpoints the order is the same in every run: there, what happens in a simulation follows from its
//! seed alone.

/// How keys are spread.
#[cfg(not(feature = "failpoints"))]
pub(crate) type Spread = std::hash::RandomState;
/// How keys are spread.
#[cfg(feature = "failpoints")]
pub(crate) type Spread = std::hash::BuildHasherDefault<std::hash::DefaultHasher>;

/// A map.
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, Spread>;
/// A set.
pub(crate) type HashSet<K> = std::collections::HashSet<K, Spread>;
