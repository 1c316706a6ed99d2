//! The parameters behind an address's `?`.

use std::str::FromStr;

use percent_encoding::percent_decode_str;

use crate::error::RegistryError;

const MAX_PARAMETERS: usize = 32;

#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn read(text: &str) -> Result<Self, RegistryError> {
        let decode = |text: &str| {
            percent_decode_str(&text.replace('+', " "))
                .decode_utf8()
                .map(|text| text.into_owned())
                .map_err(|_| RegistryError::Parameter("the parameters are not UTF-8".to_owned()))
        };
        let parts = text.split('&').filter(|part| !part.is_empty()).take(MAX_PARAMETERS);
        let pairs = parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(name)?, decode(value)?))
        });
        Ok(Self(pairs.collect::<Result<_, RegistryError>>()?))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// How many entries of a list the client wants at most.
    pub fn limit(&self, most: u32) -> Result<u32, RegistryError> {
        let Some(text) = self.get("n") else { return Ok(most) };
        u32::from_str(text)
            .map(|wanted| wanted.min(most))
            .map_err(|_| RegistryError::Parameter("n is a number of entries".to_owned()))
    }
}
