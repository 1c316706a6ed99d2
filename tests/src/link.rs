//! The way to a server, which can fall silent as in a power cut: nothing comes through any more, and nobody is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

pub struct Link {
    pub address: SocketAddr,
    /// Of the connections that are made from now on.
    silent: Arc<Mutex<Arc<AtomicBool>>>,
}

impl Link {
    /// To the server at this port of the loopback.
    pub fn to(port: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let silent = Arc::new(Mutex::new(Arc::default()));
        let now = Arc::clone(&silent);
        // It ends with the tests.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let silent = Arc::clone(&now.lock().unwrap_or_else(PoisonError::into_inner));
                if let Ok(server) = TcpStream::connect(("127.0.0.1", port)) {
                    let _ = both_ways(client, server, silent);
                }
            }
        });
        Ok(Self { address, silent })
    }

    /// The connections that are there fall silent and stay open; those that come later are as before.
    pub fn fall_silent(&self) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *silent).store(true, Ordering::SeqCst);
    }
}

fn both_ways(client: TcpStream, server: TcpStream, silent: Arc<AtomicBool>) -> std::io::Result<()> {
    let (from_server, to_client) = (server.try_clone()?, client.try_clone()?);
    let other = Arc::clone(&silent);
    thread::spawn(move || pass(client, server, &other));
    thread::spawn(move || pass(from_server, to_client, &silent));
    Ok(())
}

fn pass(mut from: TcpStream, mut to: TcpStream, silent: &AtomicBool) {
    let mut piece = [0; 16_384];
    loop {
        let read = from.read(&mut piece).unwrap_or(0);
        if silent.load(Ordering::SeqCst) {
            // Whoever has ended it is on one side; the other is not told.
            if read == 0 {
                std::mem::forget(to);
                return;
            }
            continue;
        }
        if read == 0 || piece.get(..read).is_none_or(|read| to.write_all(read).is_err()) {
            let _ = to.shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}
