//! Devices that stay connected: what an idle connection takes of the host, and what a frame costs it beside a native loop over TCP that
//! publishes and acknowledges as often.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dongting_bus::server::ServerOptions;
use dongting_bus::{Bus, Server};
use dongting_guests_device::frame::{Found, Frame, answer, next};
use dongting_manifest::{Message, Timestamp, message};
use dongting_tests::device::{Answer, Device, address};
use dongting_tests::host::{Host, eventually};
use dongting_tests::nats::{options, small};
use dongting_tests::process::{cpu_time, resident_bytes};
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::sample;

const CONNECTIONS: usize = 500;
const FRAMES: u32 = 20_000;
/// Frames that a device has on their way.
const WINDOW: u32 = 16;

struct Cost {
    cpu: Duration,
    wall: Duration,
}

pub fn run(guests: &Path) -> Result<String> {
    let guest = guests.join("device.wasm");
    let host = Host::start(&format!(
        r#"
        [nats]
        sync_always = false
        [[installation]]
        id = "devices"
        component = {guest:?}
        region = "430000"
        limits = {{ connections = 1000, idle_seconds = 3600 }}
        [installation.grants]
        capabilities = ["config", "log"]
        publish = [{{ domain = "test", kind = "observation", per_second = 10000000 }}]
        listen = "127.0.0.1:0"
        "#
    ))?;
    let at = address(&host, "devices")?;
    let frames = frames(&host, &at)?;
    let idle = idle(&host, &at)?;
    drop(host);
    let native = native()?;
    let micros = |cost: &Cost| cost.cpu.as_secs_f64() * 1e6 / f64::from(FRAMES);
    let rate = |cost: &Cost| f64::from(FRAMES) / cost.wall.as_secs_f64();
    Ok(format!(
        "| sessions, not synced | host | native loop | ratio |\n| --- | ---: | ---: | ---: |\n\
         | CPU for a frame, µs | {:.1} | {:.1} | {:.2} |\n| frames a second on one connection | {:.0} | {:.0} | {:.2} |\n\
         | KiB resident for an idle connection | {:.1} | | |\n",
        micros(&frames),
        micros(&native),
        micros(&frames) / micros(&native),
        rate(&frames),
        rate(&native),
        rate(&frames) / rate(&native),
        idle,
    ))
}

/// KiB of the host's for each connection that has named itself and says nothing more.
fn idle(host: &Host, at: &str) -> Result<f64> {
    let before = resident_bytes(host.pid())?;
    let devices: Vec<Device> =
        (0..CONNECTIONS).map(|n| Device::named(at, &format!("d{n}"))).collect::<Result<_>>()?;
    let after = resident_bytes(host.pid())?;
    ensure!(devices.len() == CONNECTIONS, "not all are connected");
    Ok((after as f64 - before as f64) / 1024.0 / CONNECTIONS as f64)
}

/// All frames of a device, a window at a time.
fn send(device: &mut Device) -> Result<()> {
    let mut sent = 0;
    while sent < FRAMES {
        for number in sent + 1..=sent + WINDOW {
            device.frame(number, "{\"mm\":12.5}")?;
        }
        for number in sent + 1..=sent + WINDOW {
            ensure!(device.answer()? == Answer::Has(number), "frame {number} was not acknowledged");
        }
        sent += WINDOW;
    }
    Ok(())
}

/// What the host needs for one device's frames, with what it writes down beside them until all are acknowledged and the history has begun.
fn frames(host: &Host, at: &str) -> Result<Cost> {
    let mut device = Device::named(at, "a")?;
    let (before, began) = (cpu_time(host.pid())?, Instant::now());
    send(&mut device)?;
    let wall = began.elapsed();
    eventually("the history has some", || Ok(!host.messages("observation")?.is_empty()))?;
    Ok(Cost { cpu: cpu_time(host.pid())?.saturating_sub(before), wall })
}

/// The same device, and a loop on a thread of its own: what that thread needs.
fn native() -> Result<Cost> {
    let (ready, address) = mpsc::channel();
    let serving = std::thread::spawn(move || -> Result<Duration> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let directory = tempfile::tempdir()?;
            let options = ServerOptions { sync_always: false, ..options(&directory) };
            let server = Server::start(&options).await?;
            let bus = Bus::connect(&server.url(), server.credentials(), &small()).await?;
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            ready.send(listener.local_addr()?)?;
            let (stream, _) = listener.accept().await?;
            let began = thread_time();
            serve(&bus, stream).await?;
            Ok(thread_time().saturating_sub(began))
        })
    });
    let mut device = Device::named(&address.recv()?.to_string(), "a")?;
    let began = Instant::now();
    send(&mut device)?;
    let wall = began.elapsed();
    drop(device);
    let cpu = serving.join().ok().context("the loop has ended")??;
    Ok(Cost { cpu, wall })
}

async fn serve(bus: &Bus, mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let like = sample::messages(1)?.pop().context("no sample")?;
    let (mut buffer, mut piece) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        buffer.extend(piece.get(..read).unwrap_or_default());
        let (mut made, mut answers) = (Vec::new(), Vec::new());
        while let Some(found) = next(&mut buffer) {
            let Found::Frame(frame) = found else { anyhow::bail!("a frame was spoiled") };
            if frame.number > 0 {
                made.push(message(&like, &frame)?);
            }
            answers.extend(answer(b'A', frame.number));
        }
        for stored in bus.publish(&made).await {
            stored?;
        }
        stream.write_all(&answers).await?;
    }
}

fn message(like: &Message, frame: &Frame) -> Result<Message> {
    let body = serde_json::to_vec(&String::from_utf8_lossy(&frame.payload))?;
    let (key, revision) = (format!("a/{}", frame.number), message::hash([body.as_slice()]));
    let now = Timestamp::now();
    Ok(Message {
        id: message::id("/systems/native", &like.r#type, &key, &revision),
        source: "/systems/native".to_owned(),
        time: now,
        received: now,
        partition: key.clone(),
        key,
        revision,
        body,
        ..like.clone()
    })
}

fn thread_time() -> Duration {
    let at = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(at.tv_sec).unwrap_or(0), u32::try_from(at.tv_nsec).unwrap_or(0))
}
