//! The glue between the contract and the pure parts.

use dongting_sdk::views::{Acted, Context, Error, Guest, Panel, View};

use crate::{acknowledge, list};

struct Views;

impl Guest for Views {
    fn list() -> Vec<View> {
        list::views()
    }

    fn render(view: String, context: Context) -> Result<Vec<Panel>, Error> {
        list::render(&view, &context)
    }

    fn act(
        view: String,
        action: String,
        form: Vec<(String, String)>,
        context: Context,
    ) -> Result<Acted, Error> {
        acknowledge::act(&view, &action, &form, &context)
    }
}

dongting_sdk::export_views!(Views);
