//! Lines in the plugin's log.

use crate::bindings::capabilities::dongting::log::log::{Level, write};

pub fn debug(text: &str) {
    write(Level::Debug, text);
}

pub fn info(text: &str) {
    write(Level::Info, text);
}

pub fn warn(text: &str) {
    write(Level::Warn, text);
}

pub fn error(text: &str) {
    write(Level::Error, text);
}
