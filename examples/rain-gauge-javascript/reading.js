// One line of a report. Knows nothing of the contract.

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Throws an Error with a sentence for the operator. */
export function read(line) {
    const fields = line.split(",").map((field) => field.trim());
    if (fields.length !== 4) throw new Error(`a line has 4 fields, not ${fields.length}`);
    const [station, region, time, millimetres] = fields;
    const length = new TextEncoder().encode(station).length;
    if (length < 1 || length > 64) throw new Error("a station has 1 to 64 bytes");
    // GB/T 2260: two digits each for province, city and county; below 00 there is nothing.
    if (!/^(?!00)[0-9]{2}(0000|(?!00)[0-9]{4})$/.test(region)) throw new Error(`\`${region}\` is no region`);
    const micros = instant(time);
    if (!NUMBER.test(millimetres)) throw new Error(`\`${millimetres}\` is no number`);
    const amount = Number(millimetres);
    if (!(amount >= 0 && amount <= 500)) throw new Error(`${millimetres} mm in one report cannot be`);
    return { station, region, time: micros, millimetres: amount };
}

/** As the data standard says it, in the same bytes as the example in Rust: the same reading is the same message. */
export function body({ station, time, millimetres }) {
    // JSON.stringify writes 12, the others 12.0.
    const amount = Number.isInteger(millimetres) ? millimetres.toFixed(1) : String(millimetres);
    return new TextEncoder().encode(
        `{"readings":[{"datastream":${JSON.stringify(station)},"observedProperty":"rainfall","unit":"mm",` +
            `"phenomenonTime":"${written(time)}","result":${amount},"quality":"good"}]}`,
    );
}

/** RFC 3339 in UTC, with as many digits of the second as it has. */
export function written(micros) {
    const within = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
    const second = new Date(Number((micros - within) / 1000n)).toISOString().slice(0, 19);
    const fraction = within === 0n ? "" : `.${String(within).padStart(6, "0").replace(/0+$/, "")}`;
    return `${second}${fraction}Z`;
}

/** Microseconds since 1970, as a BigInt. */
function instant(text) {
    const parts = INSTANT.exec(text);
    if (parts !== null) {
        const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
        const date = new Date(0);
        date.setUTCFullYear(year, month - 1, day);
        date.setUTCHours(hour, minute, second);
        // Date carries 30 February over into March; what comes back must be what went in.
        const kept = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour;
        const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
        if (kept && minute < 60 && second < 60 && offsetHours < 24 && offsetMinutes < 60) {
            const offset = (offsetHours * 60 + offsetMinutes) * (parts[8] === "-" ? -1 : 1);
            const micros = BigInt((parts[7] ?? "").padEnd(6, "0").slice(0, 6));
            return BigInt(date.getTime() - offset * 60_000) * 1000n + micros;
        }
    }
    throw new Error(`\`${text}\` is no RFC 3339 instant`);
}
