// `npm test` in this folder.

import assert from "node:assert/strict";
import test from "node:test";

import { body, read, written } from "./reading.js";

test("a line is read", () => {
    const good = read("S1, 430102, 2026-08-29T08:00:00+08:00, 12");
    assert.equal(good.time, 1_787_961_600_000_000n);
    assert.equal(
        new TextDecoder().decode(body(good)),
        '{"readings":[{"datastream":"S1","observedProperty":"rainfall","unit":"mm",' +
            '"phenomenonTime":"2026-08-29T00:00:00Z","result":12.0,"quality":"good"}]}',
    );
    assert.equal(written(1_787_961_600_250_000n), "2026-08-29T00:00:00.25Z");
});

test("a line says what is wrong", () => {
    for (const [line, said] of [
        ["S1,430102", "a line has 4 fields, not 2"],
        [",430102,2026-08-29T00:00:00Z,1", "a station has 1 to 64 bytes"],
        ["S1,43010,2026-08-29T00:00:00Z,1", "`43010` is no region"],
        ["S1,430002,2026-08-29T00:00:00Z,1", "`430002` is no region"],
        ["S1,430102,2026-08-29,1", "`2026-08-29` is no RFC 3339 instant"],
        ["S1,430102,2026-02-30T00:00:00Z,1", "`2026-02-30T00:00:00Z` is no RFC 3339 instant"],
        ["S1,430102,2026-08-29T00:00:00Z,wet", "`wet` is no number"],
        ["S1,430102,2026-08-29T00:00:00Z,-1", "-1 mm in one report cannot be"],
    ]) {
        assert.throws(() => read(line), { message: said });
    }
});
