//! Load on a server, and what it costs: many sockets as thin as they can be, on one thread, which check all that they
//! receive. What was lost, doubled or out of order is an error, never a figure.

pub mod board;
pub mod chaos;
pub mod comparison;
pub mod crowd;
pub mod dialect;
pub mod durable;
pub mod fanout;
pub mod figures;
mod floor;
pub mod history;
pub mod http;
pub mod idle;
pub mod journal;
pub mod latency;
pub mod oracle;
pub mod peer;
pub mod people;
pub mod presence;
pub mod pressure;
pub mod process;
pub mod report;
pub mod restarts;
pub mod seed;
pub mod setting;
pub mod standings;
pub mod storm;
pub mod transport;
pub mod wire;
