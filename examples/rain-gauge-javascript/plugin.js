// The glue between the contract and the pure part.

import { body, read } from "./reading.js";

export const decoder = {
    decode(document) {
        let text;
        try {
            text = new TextDecoder("utf-8", { fatal: true }).decode(document.body);
        } catch {
            throw { tag: "reject", val: "the report is not UTF-8" };
        }
        const drafts = [];
        const rejects = [];
        for (const piece of text.split("\n")) {
            const line = piece.endsWith("\r") ? piece.slice(0, -1) : piece;
            if (line.trim() === "") continue;
            try {
                drafts.push(draft(read(line)));
            } catch (error) {
                rejects.push({ reason: error.message, raw: new TextEncoder().encode(line) });
            }
        }
        return { drafts, rejects, reply: undefined };
    },
};

function draft(reading) {
    return {
        type: "em.water.observation.v1",
        domain: "water",
        kind: "observation",
        detail: undefined,
        region: reading.region,
        time: reading.time,
        // What identifies the reading: the same report twice is one message.
        key: `${reading.station}/${reading.time}`,
        revision: undefined,
        partition: undefined,
        from: new Uint32Array(),
        contentType: undefined,
        extensions: [],
        body: body(reading),
    };
}
