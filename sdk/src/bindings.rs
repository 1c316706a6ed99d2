//! Code generated from `wit/`, one module a role. The message types and capabilities are generated once and shared.

pub mod capabilities {
    wit_bindgen::generate!({
        path: "../wit",
        world: "dongting:plugin/capabilities",
        generate_all,
    });
}

macro_rules! role {
    ($role:ident, $world:literal, $macro:literal, $module:literal) => {
        pub mod $role {
            wit_bindgen::generate!({
                path: "../wit",
                world: $world,
                with: {
                    "dongting:message/types@0.1.0": crate::bindings::capabilities::dongting::message::types,
                    "dongting:log/log@0.1.0": crate::bindings::capabilities::dongting::log::log,
                    "dongting:config/config@0.1.0": crate::bindings::capabilities::dongting::config::config,
                    "dongting:state/state@0.1.0": crate::bindings::capabilities::dongting::state::state,
                    "dongting:keys/keys@0.1.0": crate::bindings::capabilities::dongting::keys::keys,
                    "dongting:history/history@0.1.0": crate::bindings::capabilities::dongting::history::history,
                    "dongting:timers/timers@0.1.0": crate::bindings::capabilities::dongting::timers::timers,
                    "dongting:records/records@0.1.0": crate::bindings::capabilities::dongting::records::records,
                },
                pub_export_macro: true,
                export_macro_name: $macro,
                default_bindings_module: $module,
            });
        }
    };
}

pub mod session {
    wit_bindgen::generate!({
        path: "../wit",
        world: "dongting:plugin/session",
        with: {
            "dongting:message/types@0.1.0": crate::bindings::capabilities::dongting::message::types,
            "dongting:log/log@0.1.0": crate::bindings::capabilities::dongting::log::log,
            "dongting:config/config@0.1.0": crate::bindings::capabilities::dongting::config::config,
            "dongting:session/types@0.1.0": generate,
        },
        pub_export_macro: true,
        export_macro_name: "export_session",
        default_bindings_module: "dongting_sdk::bindings::session",
    });
}

pub mod handover {
    wit_bindgen::generate!({
        path: "../wit",
        world: "dongting:plugin/handover",
        with: {
            "dongting:message/types@0.1.0": crate::bindings::capabilities::dongting::message::types,
            "dongting:log/log@0.1.0": crate::bindings::capabilities::dongting::log::log,
            "dongting:config/config@0.1.0": crate::bindings::capabilities::dongting::config::config,
            "dongting:session/types@0.1.0": crate::bindings::session::dongting::session::types,
        },
        pub_export_macro: true,
        export_macro_name: "export_handover",
        default_bindings_module: "dongting_sdk::bindings::handover",
    });
}

role!(source, "dongting:plugin/source", "export_source", "dongting_sdk::bindings::source");
role!(decoder, "dongting:plugin/decoder", "export_decoder", "dongting_sdk::bindings::decoder");
role!(transform, "dongting:plugin/transform", "export_transform", "dongting_sdk::bindings::transform");
role!(service, "dongting:plugin/service", "export_service", "dongting_sdk::bindings::service");
role!(sink, "dongting:plugin/sink", "export_sink", "dongting_sdk::bindings::sink");
role!(views, "dongting:plugin/views", "export_views", "dongting_sdk::bindings::views");
role!(migration, "dongting:plugin/migration", "export_migration", "dongting_sdk::bindings::migration");
