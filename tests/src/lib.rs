//! What the tests share: the servers they run and the stand-ins they talk to.

pub mod authority;
pub mod database;
pub mod device;
pub mod documents;
pub mod fuzz;
pub mod host;
pub mod link;
pub mod nats;
pub mod oci;
pub mod postgres;
pub mod process;
pub mod province;
pub mod registry;
pub mod restamp;
pub mod seismic_network;
pub mod transcript;
