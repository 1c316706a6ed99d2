use super::*;
use dongting_engine::compliance::{Check, Failure};

fn check(name: &'static str, verdict: Verdict, advice: bool) -> Check {
    let failed = verdict == Verdict::Failed;
    let failure =
        || Failure { case: "a case".into(), reason: "why".into(), reproduce: "again".into(), input: None };
    Check {
        role: "decoder",
        name,
        asks: "it holds",
        advice,
        verdict,
        cases: 1,
        failures: failed.then(failure).into_iter().collect(),
    }
}

fn graded(checks: Vec<Check>, change: impl FnOnce(&mut Manifest), bytes: usize) -> Vec<(Grade, String)> {
    let mut manifest = Manifest::parse(
        "name = \"x\"\nversion = \"0.1.0\"\nvendor = \"v\"\nroles = [\"decoder\"]\n\
         title = { zh = \"雨\", en = \"Rain\" }\ndescription = { zh = \"雨\", en = \"Rain\" }\n\
         [capabilities]\nlog = { zh = \"记录\", en = \"writes\" }\n",
    )
    .unwrap();
    change(&mut manifest);
    let compliance = Report { plugin: "x".into(), seed: 1, checks };
    let imported = BTreeSet::from([Capability::Log]);
    let subject = Subject { manifest: &manifest, imported: &imported, bytes, compliance: &compliance };
    findings(&subject).into_iter().map(|finding| (finding.grade, finding.what)).collect()
}

#[test]
fn the_worst_comes_first_and_each_has_its_grade() {
    let checks = vec![
        check("empty", Verdict::Passed, false),
        check("clock", Verdict::Failed, true),
        check("golden", Verdict::Skipped("put some".into()), false),
        check("batches", Verdict::Failed, false),
        check("noise", Verdict::Failed, false),
    ];
    let grades: Vec<Grade> = graded(checks, |_| {}, 1).into_iter().map(|(grade, _)| grade).collect();
    assert_eq!(grades, [Grade::E, Grade::D, Grade::C, Grade::B]);
    assert_eq!(graded(vec![check("empty", Verdict::Passed, false)], |_| {}, 1), []);
}

#[test]
fn what_is_asked_for_and_said_is_looked_at() {
    let asks = graded(Vec::new(), |manifest| drop(manifest.capabilities.remove(&Capability::Log)), 1);
    assert_eq!(asks, []);
    let more = graded(
        Vec::new(),
        |manifest| {
            let why = manifest.title.clone();
            manifest.capabilities.insert(Capability::Http, why);
        },
        9 << 20,
    );
    assert_eq!(more.len(), 2);
    assert!(more[0].1.contains("`http`") && more[1].1.contains("9 MiB"), "{more:?}");
    let silent = graded(Vec::new(), |manifest| manifest.title.zh = "Rain".into(), 1);
    assert!(silent[0].1.contains("`title`"), "{silent:?}");
}
