-- Bytes that lie under blobs/, by digest.
CREATE TABLE blob (
    digest  TEXT PRIMARY KEY,
    size    INTEGER NOT NULL,
    created INTEGER NOT NULL
) WITHOUT ROWID;

-- Which repository may show a blob, and when somebody there last relied on it.
CREATE TABLE link (
    repository TEXT    NOT NULL,
    digest     TEXT    NOT NULL REFERENCES blob (digest),
    linked     INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
CREATE INDEX link_by_digest ON link (digest);

CREATE TABLE manifest (
    repository    TEXT    NOT NULL,
    digest        TEXT    NOT NULL,
    media_type    TEXT    NOT NULL,
    artifact_type TEXT    NOT NULL,
    -- The manifest that this one says something of.
    subject       TEXT,
    -- A JSON object.
    annotations   TEXT    NOT NULL,
    body          BLOB    NOT NULL,
    pushed        INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
);
CREATE INDEX manifest_by_subject ON manifest (repository, subject, digest);

-- The blobs that a manifest names, in its order: 0 is the configuration, the layers follow.
CREATE TABLE uses (
    repository TEXT    NOT NULL,
    manifest   TEXT    NOT NULL,
    position   INTEGER NOT NULL,
    digest     TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    PRIMARY KEY (repository, manifest, position),
    FOREIGN KEY (repository, manifest) REFERENCES manifest (repository, digest) ON DELETE CASCADE,
    FOREIGN KEY (repository, digest) REFERENCES link (repository, digest)
) WITHOUT ROWID;
CREATE INDEX uses_by_digest ON uses (repository, digest);

-- What a version means. The row outlives its manifest: a version that was deleted never comes back as something else.
CREATE TABLE tag (
    repository TEXT    NOT NULL,
    tag        TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    created    INTEGER NOT NULL,
    deleted    INTEGER,
    yanked     TEXT,
    PRIMARY KEY (repository, tag)
) WITHOUT ROWID;
CREATE INDEX tag_by_digest ON tag (repository, digest);

-- Manifests that are a plugin.
CREATE TABLE release (
    repository TEXT    NOT NULL,
    manifest   TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    component  TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    -- The text of plugin.toml.
    plugin     TEXT    NOT NULL,
    PRIMARY KEY (repository, manifest),
    FOREIGN KEY (repository, manifest) REFERENCES manifest (repository, digest) ON DELETE CASCADE
) WITHOUT ROWID;

-- Blobs on their way in: uploads/<id> has at least the bytes received.
CREATE TABLE upload (
    id         TEXT PRIMARY KEY,
    repository TEXT    NOT NULL,
    vendor     TEXT    NOT NULL,
    touched    INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    -- What it may come to before the quota is asked again; counts as used.
    reserved   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX upload_by_vendor ON upload (vendor);

-- Vendors whose quota is not the usual one.
CREATE TABLE vendor (
    name  TEXT PRIMARY KEY,
    quota INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE token (
    name    TEXT PRIMARY KEY,
    -- NULL for all vendors.
    vendor  TEXT,
    -- Of pull, push, delete, divided by commas.
    rights  TEXT    NOT NULL,
    -- SHA-256 of the secret.
    hash    BLOB    NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER
) WITHOUT ROWID;

-- Who may sign. A retired key signs nothing new; what a revoked one signed is bad at once.
CREATE TABLE key (
    -- SHA-256 of the public key's SubjectPublicKeyInfo, hexadecimal.
    id         TEXT PRIMARY KEY,
    -- ed25519 or sm2
    algorithm  TEXT    NOT NULL,
    -- PEM
    public_key TEXT    NOT NULL,
    -- vendor:<namespace> or province:<reviewer>
    owner      TEXT    NOT NULL,
    added      INTEGER NOT NULL,
    retired    INTEGER,
    revoked    INTEGER,
    reason     TEXT
) WITHOUT ROWID;
