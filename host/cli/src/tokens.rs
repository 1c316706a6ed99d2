//! `dongting tokens`: what vendors' tools show to the registry.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::remote::Operator;

#[derive(Args)]
pub struct Tokens {
    #[command(flatten)]
    operator: Operator,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make one. Its secret is printed now and never again; log in with the name as user and the secret as password.
    Create {
        /// To know it by.
        name: String,
        /// The vendor's namespace: what stands before the slash in the names of its repositories.
        #[arg(long, required_unless_present = "all_vendors")]
        vendor: Option<String>,
        /// For every vendor's namespace, for example for a reviewer.
        #[arg(long, conflicts_with = "vendor")]
        all_vendors: bool,
        /// Of pull, push and delete, parted by commas.
        #[arg(long, default_value = "pull,push")]
        rights: String,
        /// Days from now that it is good.
        #[arg(long, default_value_t = 365)]
        days: u32,
    },
    /// Name, vendor, rights, last day and state, a line each.
    List,
    /// Let nobody in with it from now on.
    Revoke { name: String },
}

pub fn run(options: &Tokens) -> Result<()> {
    let operator = &options.operator;
    match &options.command {
        Command::Create { name, vendor, all_vendors: _, rights, days } => {
            let wanted = json!({ "name": name, "vendor": vendor, "rights": rights, "days": days });
            let made = operator.post("tokens", &wanted)?;
            let secret = made.get("secret").and_then(Value::as_str).unwrap_or_default();
            crate::print(&format!("{secret}\n"))
        }
        Command::List => {
            let listed = operator.get("tokens")?;
            let tokens =
                listed.get("tokens").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            tokens.iter().try_for_each(|token| crate::print(&line(token)))
        }
        Command::Revoke { name } => {
            operator.delete(&format!("tokens/{name}"))?;
            crate::print(&format!("{name}\trevoked\n"))
        }
    }
}

fn line(token: &Value) -> String {
    let text = |name: &str| token.get(name).and_then(Value::as_str);
    let state = text("revoked").map_or_else(|| "good".to_owned(), |at| format!("revoked {at}"));
    format!(
        "{}\t{}\t{}\t{}\t{state}\n",
        text("name").unwrap_or_default(),
        text("vendor").unwrap_or("(all vendors)"),
        text("rights").unwrap_or_default(),
        text("expires").unwrap_or_default()
    )
}
