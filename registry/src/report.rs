//! Quality reports, of which the catalogue tells the grade: it is read once, when the report is pushed.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{Sqlite, Transaction};

use crate::attachment::MAX_BYTES;
use crate::database::signed;
use crate::digest::Digest;
use crate::error::RegistryError;
use crate::manifest::Named;
use crate::name::Repository;
use crate::push::here;
use crate::registry::Registry;

/// What a report comes to, and of which component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Graded {
    pub component: Digest,
    pub grade: String,
}

/// By repository and manifest of the release.
pub(crate) type Grades = BTreeMap<(String, String), String>;

impl Registry {
    /// What a report that is pushed comes to. One that cannot be understood has no grade: that is no reason to refuse it.
    pub(crate) async fn look_at_report(
        &self,
        repository: &Repository,
        layer: Option<&Named>,
    ) -> Result<Option<Graded>, RegistryError> {
        let Some(layer) = layer.copied().filter(|layer| signed(layer.size) <= MAX_BYTES) else {
            return Ok(None);
        };
        let mut transaction = self.database().reader.begin().await.map_err(RegistryError::sql)?;
        here(&mut transaction, repository, layer).await?;
        drop(transaction);
        Ok(graded(&self.verified(layer.digest).await?))
    }

    /// The grade of each release that has one, by the newest report of its own component.
    pub(crate) async fn grades(&self, repository: Option<&Repository>) -> Result<Grades, RegistryError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT release.repository, release.manifest, report.grade FROM report
             JOIN manifest ON manifest.repository = report.repository AND manifest.digest = report.manifest
             JOIN release ON release.repository = manifest.repository AND release.manifest = manifest.subject
                 AND release.component = report.component
             WHERE $1 IS NULL OR report.repository = $1 ORDER BY manifest.pushed, manifest.digest",
        )
        .bind(repository.map(Repository::as_str))
        .fetch_all(&self.database().reader)
        .await
        .map_err(RegistryError::sql)?;
        // The last of equal keys stays, which is the newest.
        Ok(rows.into_iter().map(|(repository, manifest, grade)| ((repository, manifest), grade)).collect())
    }
}

pub(crate) async fn write(
    transaction: &mut Transaction<'_, Sqlite>,
    repository: &Repository,
    manifest: Digest,
    graded: &Graded,
) -> Result<(), RegistryError> {
    sqlx::query("INSERT INTO report VALUES ($1, $2, $3, $4)")
        .bind(repository.as_str())
        .bind(manifest.to_string())
        .bind(graded.component.to_string())
        .bind(&graded.grade)
        .execute(&mut **transaction)
        .await
        .map_err(RegistryError::sql)?;
    Ok(())
}

/// A grade is a letter from A to E.
fn graded(report: &[u8]) -> Option<Graded> {
    let report: Value = serde_json::from_slice(report).ok()?;
    let text = |name| report.get(name).and_then(Value::as_str);
    let grade = text("grade").filter(|grade| matches!(*grade, "A" | "B" | "C" | "D" | "E"))?;
    Some(Graded { component: text("digest")?.parse().ok()?, grade: grade.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_grade_is_none() {
        let digest = Digest::of(b"component");
        let report = |grade: &str, digest: &str| format!("{{\"grade\":{grade},\"digest\":\"{digest}\"}}");
        let named = digest.to_string();
        let good = graded(report("\"B\"", &named).as_bytes());
        assert_eq!(good, Some(Graded { component: digest, grade: "B".to_owned() }));
        for bad in [
            report("\"AA\"", &named),
            report("\"<b>\"", &named),
            report("1", &named),
            report("\"A\"", "sha256:short"),
            "[]".to_owned(),
            "{".to_owned(),
        ] {
            assert_eq!(graded(bad.as_bytes()), None, "{bad}");
        }
    }
}
