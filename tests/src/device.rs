//! A device that speaks with the guest `device` over a real connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use anyhow::{Context, Result, bail};
use dongting_guests_device::frame::Frame;

use crate::host::{DEADLINE, Host, eventually};

pub struct Device {
    pub stream: TcpStream,
}

/// What the other side has said, or that it says no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Has(u32),
    WantsAgain(u32),
    Heartbeat(u32),
    /// A byte of what it was asked to flood.
    Flood,
    Gone,
}

impl Device {
    /// Connects, and says nothing yet.
    pub fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("no connection to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        Ok(Self { stream })
    }

    /// Connects, and is heard under this name.
    pub fn named(address: &str, name: &str) -> Result<Self> {
        let mut device = Self::connect(address)?;
        match device.tell(0, name)? {
            Answer::Has(0) => Ok(device),
            other => bail!("it was not heard: {other:?}"),
        }
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    pub fn frame(&mut self, number: u32, payload: &str) -> Result<()> {
        self.send(&Frame::new(number, payload).written())
    }

    /// One frame, and the answer to it.
    pub fn tell(&mut self, number: u32, payload: &str) -> Result<Answer> {
        self.frame(number, payload)?;
        self.answer()
    }

    /// Waits for what is said next.
    pub fn answer(&mut self) -> Result<Answer> {
        let mut letter = [0];
        if !self.read(&mut letter)? {
            return Ok(Answer::Gone);
        }
        if letter == *b"F" {
            return Ok(Answer::Flood);
        }
        let mut number = [0; 4];
        if !self.read(&mut number)? {
            return Ok(Answer::Gone);
        }
        let number = u32::from_be_bytes(number);
        Ok(match letter {
            [b'A'] => Answer::Has(number),
            [b'N'] => Answer::WantsAgain(number),
            [b'H'] => Answer::Heartbeat(number),
            other => bail!("{other:?} is no answer"),
        })
    }

    /// Says that nothing more comes.
    pub fn finish(&self) -> Result<()> {
        Ok(self.stream.shutdown(Shutdown::Write)?)
    }

    /// Whether it came before the other side was gone.
    fn read(&mut self, bytes: &mut [u8]) -> Result<bool> {
        match self.stream.read_exact(bytes) {
            Ok(()) => Ok(true),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error).context("nothing was said"),
        }
    }
}

/// Where the devices of an installation connect, once it listens.
pub fn address(host: &Host, id: &str) -> Result<String> {
    let mut address = None;
    eventually("it listens", || {
        let one = host.installation(id)?;
        address = one.pointer("/listening/address").and_then(|found| found.as_str()).map(str::to_owned);
        Ok(address.is_some())
    })?;
    address.context("no address")
}

/// Sends numbered frames until all are acknowledged, over as many connections as it takes: what has no answer is sent again on the next one. How
/// many connections that were. `address` is asked anew for each.
pub fn stream(
    name: &str,
    numbers: std::ops::RangeInclusive<u32>,
    mut address: impl FnMut() -> Option<String>,
    mut acknowledged: impl FnMut(u32),
) -> Result<u32> {
    let (mut next, mut connections) = (*numbers.start(), 0);
    let end = std::time::Instant::now() + DEADLINE * 3;
    while next <= *numbers.end() {
        if std::time::Instant::now() > end {
            bail!("frame {next} was never acknowledged");
        }
        let Some(Ok(mut device)) = address().map(|address| Device::named(&address, name)) else {
            std::thread::yield_now();
            continue;
        };
        connections += 1;
        while next <= *numbers.end() {
            match device.tell(next, &format!("reading {next}")) {
                Ok(Answer::Has(number)) if number == next => {
                    acknowledged(next);
                    next += 1;
                }
                Ok(Answer::Gone) | Err(_) => break,
                Ok(other) => bail!("frame {next} was answered {other:?}"),
            }
        }
    }
    Ok(connections)
}
