//! Code generated from `wit/`. The rest of the crate converts at once to its own words (`convert`), the capabilities
//! implement the import traits, `views` re-exports the panels.

wasmtime::component::bindgen!({
    inline: "
        package dongting:host@0.1.0;
        world host {
            import dongting:message/types@0.1.0;
            import dongting:log/log@0.1.0;
            import dongting:config/config@0.1.0;
            import dongting:state/state@0.1.0;
            import dongting:keys/keys@0.1.0;
            import dongting:history/history@0.1.0;
            import dongting:timers/timers@0.1.0;
            import dongting:records/records@0.1.0;
            export dongting:source/source@0.1.0;
            export dongting:decoder/decoder@0.1.0;
            export dongting:session/session@0.1.0;
            export dongting:handover/handover@0.1.0;
            export dongting:transform/transform@0.1.0;
            export dongting:sink/sink@0.1.0;
            export dongting:service/service@0.1.0;
            export dongting:views/views@0.1.0;
            export dongting:migration/migration@0.1.0;
        }
    ",
    path: "../../wit",
    world: "dongting:host/host",
    imports: { default: async | trappable },
    exports: { default: async },
});
