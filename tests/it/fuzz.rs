//! The fuzz targets, a few thousand inputs each: what is true of real inputs and of spoiled ones. Which they are follows from the seed.

use std::path::{Path, PathBuf};

use dongting_engine::line;
use dongting_manifest::{Message, Timestamp};
use dongting_tests::fuzz::TARGETS;
use dongting_tests::host::boundaries;
use dongting_tests::oci::{Artifact, component};
use dongting_trust::{Algorithm, SecretKey};

const RUNS: usize = 2000;
/// Larger inputs take longer and say no more.
const MOST: usize = 64 << 10;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below a folder.
fn files(folder: &Path, found: &mut Vec<Vec<u8>>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, found) } else { found.push(std::fs::read(path).unwrap()) }
    }
}

/// Inputs as they come in life.
fn real(target: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    match target {
        "cloudevents" => found.push(
            b"em.43.01.02.water.observation.-\nce-specversion: 1.0\nce-id: 0f\nce-source: /systems/x\n\
              ce-type: em.water.observation.v1\nce-time: 2026-08-29T00:00:00Z\nce-region: 430102\n\n{}"
                .to_vec(),
        ),
        "component" => {
            let made = component("hydro", "gauge", "1.0.0", 20).unwrap();
            found.push([b"name = \"gauge\"\n".as_slice(), &made].concat());
            found.push(made);
            found.push(std::fs::read(root().join("examples/rain-gauge/plugin.toml")).unwrap());
        }
        "documents" => files(&root().join("plugins/adapters/earthquake/tests/data"), &mut found),
        "lines" => found.push(line::exact(&message()).to_string().into_bytes()),
        "payloads" => files(&root().join("sdk/events/tests/data"), &mut found),
        "registry" => {
            found = texts(&[
                "/v2/hydro/gauge/manifests/1.2.0\n{}",
                "/v2/hydro/gauge/blobs/uploads/0123456789abcdef0123456789abcdef\n",
                "/v2/hydro%2fgauge/tags/list\n",
                "hydro/gauge:1.2.0\n",
                "bytes=0-1023\n",
                "0-1023\n",
            ]);
            let artifact = Artifact::gauge("1.2.0", 20).unwrap();
            found.push(format!("hydro/gauge@{}\n", artifact.digest()).into_bytes());
            found.push([b"1.2.0\n".as_slice(), &artifact.manifest].concat());
            found.push([b"hydro/gauge\n".as_slice(), &artifact.component].concat());
        }
        "subject" => {
            found = texts(&[
                "em.43.01.02.water.observation.-\nem.43.01.*.water.observation.*\nem.43.>\nem.>",
                "em.00.00.00.water.warning.flood\nem.*.*.*.water.*.*\nem.00.00.00.*.warning.>",
            ])
        }
        "topojson" => {
            found.push([b"112.9 28.2\n".as_slice(), &std::fs::read(boundaries().unwrap()).unwrap()].concat());
            let square = r#"{"type":"Topology","arcs":[[[110,25],[115,25],[115,30],[110,30],[110,25]]],"objects":{"counties":{"type":"GeometryCollection","geometries":[{"type":"Polygon","arcs":[[0]],"properties":{"adcode":"430102","name":"x"}}]}}}"#;
            found.push(format!("112.9 28.2\n{square}").into_bytes());
        }
        "trust" => {
            let artifact = Artifact::gauge("1.2.0", 20).unwrap();
            found.push(artifact.signed().unwrap());
            for algorithm in [Algorithm::Ed25519, Algorithm::Sm2] {
                let key = SecretKey::generate(algorithm).unwrap();
                found.push(key.public().to_pem().unwrap().into_bytes());
                found.push(key.to_pem().unwrap().as_bytes().to_vec());
            }
        }
        _ => panic!("no real inputs are known for the fuzz target `{target}`"),
    }
    found
}

fn message() -> Message {
    let instant = Timestamp::from_micros(1_787_961_600_000_000).unwrap();
    Message {
        id: "0f".repeat(32),
        source: "/systems/x".to_owned(),
        r#type: "em.water.observation.v1".to_owned(),
        subject: "em.43.01.02.water.observation.-".parse().unwrap(),
        time: instant,
        received: instant,
        key: "S1".to_owned(),
        revision: "1".to_owned(),
        partition: String::new(),
        causation: vec!["0e".repeat(32)],
        plugin: "gauge@1.0.0#00".to_owned(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: vec![("installation".to_owned(), "gauges".to_owned())],
        body: b"{\"millimetres\":12.5}".to_vec(),
    }
}

/// The next number of a sequence that looks like chance (SplitMix64).
fn draw(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as usize % below.max(1)
}

/// A real input with a few things done to it that happen on a line, on a disk, or by malice.
fn spoiled(seeds: &[Vec<u8>], state: &mut u64) -> Vec<u8> {
    let mut input = seeds[draw(state, seeds.len())].clone();
    input.truncate(MOST);
    for _ in 0..=draw(state, 4) {
        let at = draw(state, input.len());
        match draw(state, 6) {
            0 => input.truncate(at),
            1 => input.insert(at.min(input.len()), draw(state, 256) as u8),
            2 if !input.is_empty() => input[at] ^= 1 << draw(state, 8),
            3 if !input.is_empty() => {
                input[at] = *b"0\"{}[]<>.:/-\n\xff\x00 9".get(draw(state, 18)).unwrap_or(&0)
            }
            4 if !input.is_empty() => drop(input.remove(at)),
            _ => {
                // The end of one behind the beginning of another.
                let other = &seeds[draw(state, seeds.len())];
                let from = draw(state, other.len());
                input.truncate(at);
                input.extend(&other[from..other.len().min(from + MOST)]);
            }
        }
    }
    input
}

#[test]
fn every_target_bears_real_and_spoiled_inputs() {
    let seed: u64 = std::env::var("DONGTING_FUZZ_SEED").map_or(1, |seed| seed.parse().unwrap());
    std::thread::scope(|scope| {
        for (name, target) in TARGETS {
            scope.spawn(move || {
                let seeds = real(name);
                assert!(!seeds.is_empty(), "{name}");
                seeds.iter().for_each(|input| target(input));
                target(b"");
                let mut state = seed;
                for run in 0..RUNS {
                    let input = spoiled(&seeds, &mut state);
                    let bore = std::panic::catch_unwind(|| target(&input));
                    assert!(bore.is_ok(), "{name}, run {run} of the seed {seed}: {}", input.escape_ascii());
                }
            });
        }
    });
}

/// cargo-fuzz builds the files in `tests/fuzz` with a toolchain of its own, so here they are held to do nothing but call what is run above.
#[test]
fn the_files_for_cargo_fuzz_call_these() {
    let folder = root().join("tests/fuzz");
    let manifest: toml::Table = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
    let listed: Vec<_> = manifest["bin"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bin| (bin["name"].as_str().unwrap(), bin["path"].as_str().unwrap()))
        .collect();
    assert_eq!(listed.len(), TARGETS.len());
    assert_eq!(std::fs::read_dir(folder.join("fuzz_targets")).unwrap().count(), TARGETS.len());
    for (name, _) in TARGETS {
        let path = format!("fuzz_targets/{name}.rs");
        assert!(listed.contains(&(name, &path)), "{name} is not in tests/fuzz/Cargo.toml");
        let text = std::fs::read_to_string(folder.join(path)).unwrap();
        assert_eq!(
            text,
            format!(
                "//! See `tests/src/fuzz/{name}.rs`.\n#![no_main]\n\n\
                 libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dongting_tests::fuzz::{name}(bytes));\n"
            )
        );
    }
}
