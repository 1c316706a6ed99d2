//! A release without state was killed when it had published what it made of an input and not acknowledged it, and another took its place
//! meanwhile. What the first has begun it finishes, where it is to be had; else the other says that it does.

use dongting_manifest::{Message, message};
use dongting_tests::database::DatabaseKind;
use dongting_tests::documents;
use dongting_tests::host::{Host, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::nats::Nats;
use dongting_tests::oci::Artifact;
use dongting_tests::province::{Province, attached, client};
use dongting_tests::restamp::stamped;

use super::{CONSUMER_INFO, change_consumer, observation, told};

hosts_on_both! {
    async fn {
        what_a_release_has_begun_it_finishes
        what_a_release_has_begun_that_only_the_registry_has_it_finishes
        what_a_release_has_begun_that_is_gone_another_takes
    }
}

/// Where the first release is to be had by then.
#[derive(Clone, Copy, PartialEq)]
enum Where {
    Nowhere,
    /// Another installation runs its file.
    Beside,
    /// Nothing here runs it any more; the registry has it.
    Registry,
}

const MODEL: &str = "id = \"model\"\nregion = \"430000\"";

/// A model of which only the registry has the component.
fn of_the_registry(province: &Province, version: &str) -> String {
    let file = format!("component = {:?}", plugin("guests/echo.wasm").unwrap());
    let release = format!("release = \"dongting/echo:{version}\"");
    let installations = documents::configuration("guests/echo.wasm", MODEL).unwrap().replace(&file, &release);
    format!("{installations}\n{}allow_unsigned = true\n", province.trust())
}

/// Another component as the next release of the echo, signed and approved like the first.
fn publish_next(province: &Province, host: &Host) {
    let component = std::fs::read(plugin("guests/batch-size.wasm").unwrap()).unwrap();
    let component = stamped(&component, &[("name", "echo"), ("version", "1.1.0")]).unwrap();
    let next = Artifact::of("dongting/echo", "1.1.0", component);
    assert_eq!(client(host).unwrap().push(&next).unwrap().status, 201);
    attached(host, &next, &province.sign(&next, &["vendor"]).unwrap()).unwrap();
    province.approve(host, &next).unwrap();
}

async fn what_another_release_has_begun(database: DatabaseKind, found: Where) {
    let nats = Nats::start().await.unwrap();
    let url = nats.url();
    let province = Province::new("ed25519").unwrap();
    let first = match found {
        Where::Registry => of_the_registry(&province, "1.0.0"),
        Where::Nowhere | Where::Beside => documents::configuration("guests/echo.wasm", MODEL).unwrap(),
    };
    let mut host = Host::start_on_with(database, &first, &[("DONGTING_NATS", &url)]).unwrap();
    if found == Where::Registry {
        province.introduce(&host).unwrap();
        province.publish(&host, "echo", "1.0.0").unwrap();
        publish_next(&province, &host);
    }
    eventually("it runs", || Ok(host.state("model")?.0 == "running")).unwrap();
    assert_eq!(documents::push(&host, b"1").unwrap().status, 200);
    eventually("the first", || Ok(host.messages("assessment")?.len() == 1)).unwrap();
    let maker = host.messages("assessment").unwrap()[0]["plugin"].as_str().unwrap().to_owned();
    let mut raw = nats.raw().await.unwrap();
    change_consumer(&mut raw, &[("ack_wait", 100_000_000.into())]).await;
    host.stop().unwrap();

    // As if the host had been killed in between: its delivery, and what the release made of it.
    let input = observation("2");
    nats.bus.publish(std::slice::from_ref(&input)).await.remove(0).unwrap();
    let next = "$JS.API.CONSUMER.MSG.NEXT.EM_BULK.model";
    assert_eq!(raw.request(next, &[], "{\"batch\":1}").await.unwrap(), 2);
    let revision = message::hash([input.id.as_bytes()]);
    let r#type = "em.test.assessment.v1".to_owned();
    let made = Message {
        id: message::id("/systems/echo", &r#type, &input.key, &revision),
        source: "/systems/echo".to_owned(),
        r#type,
        subject: "em.43.01.00.test.assessment.-".parse().unwrap(),
        revision,
        partition: input.key.clone(),
        causation: vec![input.id.clone()],
        plugin: maker.clone(),
        extensions: vec![("installation".to_owned(), "model".to_owned())],
        ..input.clone()
    };
    nats.bus.publish(&[made]).await.remove(0).unwrap();

    let second = match found {
        Where::Registry => of_the_registry(&province, "1.1.0"),
        Where::Nowhere => documents::configuration("guests/batch-size.wasm", MODEL).unwrap(),
        Where::Beside => {
            let component = plugin("guests/echo.wasm").unwrap();
            documents::configuration("guests/batch-size.wasm", MODEL).unwrap()
                + &format!(
                    "\n[[installation]]\nid = \"other\"\ncomponent = {component:?}\nregion = \"430200\"\n\
                     grants.subscribe = [{{ domain = \"test\", kind = \"observation\" }}]\n\
                     grants.publish = [{{ domain = \"test\", kind = \"assessment\" }}]\n"
                )
        }
    };
    host.configure(&second).unwrap();
    host.kill_and_restart().unwrap();
    let its_own = if found == Where::Registry { "echo@1.1.0#" } else { "batch-size@" };
    assert_eq!(documents::push(&host, b"3").unwrap().status, 200);
    told(&mut raw, CONSUMER_INFO, "all acknowledged", |told| {
        told["ack_floor"]["stream_seq"] == 3 && told["num_ack_pending"] == 0
    })
    .await;
    let count = |of: &str| -> usize {
        let all = host.messages("assessment").unwrap();
        all.iter().filter(|one| one["plugin"].as_str().unwrap().starts_with(of)).count()
    };
    eventually("the third", || Ok(count(its_own) >= 1)).unwrap();
    let log = std::fs::read_to_string(host.folder.path().join("log")).unwrap();
    if found == Where::Nowhere {
        eventually("the second's own", || Ok(count(its_own) == 2)).unwrap();
        assert_eq!(count(&maker), 2);
        let said = "neither the registry nor another installation has it): `batch-size@0.1.0#";
        assert!(log.contains(said) && log.contains("what the other has published of them stays"), "{log}");
    } else {
        assert_eq!((count(&maker), count(its_own)), (2, 1), "{log}");
        assert!(log.contains(&format!("`{maker}` finishes for `model` what it has begun")), "{log}");
    }
}

async fn what_a_release_has_begun_it_finishes(database: DatabaseKind) {
    what_another_release_has_begun(database, Where::Beside).await;
}

async fn what_a_release_has_begun_that_only_the_registry_has_it_finishes(database: DatabaseKind) {
    what_another_release_has_begun(database, Where::Registry).await;
}

async fn what_a_release_has_begun_that_is_gone_another_takes(database: DatabaseKind) {
    what_another_release_has_begun(database, Where::Nowhere).await;
}
