use super::*;

fn level(colour: Colour, intensity: u8) -> Level {
    Level { colour, intensity }
}

#[test]
fn alert_update_cancel() {
    let wanted = |levels: &[(&str, Level)]| -> BTreeMap<String, Level> {
        levels.iter().map(|(county, level)| ((*county).to_owned(), *level)).collect()
    };
    let kinds = |changes: &[Change]| -> Vec<(String, MsgType)> {
        changes.iter().map(|change| (change.county.clone(), change.msg_type)).collect()
    };
    let (blue, yellow) = (level(Colour::Blue, 5), level(Colour::Yellow, 6));
    let (stands, changes) = decide(&BTreeMap::new(), &wanted(&[("b", blue), ("a", yellow), ("c", blue)]), 10);
    assert_eq!(
        kinds(&changes),
        [("a".into(), MsgType::Alert), ("b".into(), MsgType::Alert), ("c".into(), MsgType::Alert)]
    );
    assert!(changes.iter().all(|change| change.replaces.is_none()));
    let (stands, changes) = decide(&stands, &wanted(&[("a", yellow), ("b", yellow), ("d", blue)]), 20);
    assert_eq!(
        kinds(&changes),
        [("b".into(), MsgType::Update), ("c".into(), MsgType::Cancel), ("d".into(), MsgType::Alert)]
    );
    assert!(changes.iter().all(|change| change.replaces.is_none_or(|before| before.sent == 10)));
    let sent: Vec<(&str, i64)> =
        stands.iter().map(|(county, standing)| (county.as_str(), standing.sent)).collect();
    assert_eq!(sent, [("a", 10), ("b", 20), ("d", 20)]);
    let (stands, changes) = decide(&stands, &BTreeMap::new(), 30);
    assert!(stands.is_empty());
    assert!(changes.iter().all(|change| change.msg_type == MsgType::Cancel));
    assert_eq!(changes.len(), 3);
}

/// What is kept is short: Hunan's 122 counties are far below the 256 KiB that the host takes.
#[test]
fn state_is_small() {
    let standing = Standing { level: level(Colour::Orange, 7), sent: 1_756_000_000_000_000 };
    let state = EventState {
        place: Place { updated: 1_756_000_000_000_000, rank: 1, digest: "0123456789abcdef".into() },
        sent: 1_756_000_000_000_000,
        region: "430000".into(),
        warned: (0..3000).map(|county| (format!("{county:06}"), standing)).collect(),
    };
    let json = serde_json::to_vec(&state).unwrap_or_default();
    assert!((1000..256 * 1024).contains(&json.len()), "{}", json.len());
    assert_eq!(serde_json::from_slice::<EventState>(&json).ok(), Some(state));
}
