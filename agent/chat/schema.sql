-- Conversations. `memory` is what the router must know of a thread: its last call, as JSON.
CREATE TABLE IF NOT EXISTS threads (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL, taxonomy TEXT NOT NULL,
    memory TEXT
);
CREATE TABLE IF NOT EXISTS turns (
    thread TEXT NOT NULL REFERENCES threads(id) ON DELETE CASCADE, number INTEGER NOT NULL, at TEXT NOT NULL,
    message TEXT NOT NULL, answer TEXT, feedback TEXT, PRIMARY KEY (thread, number)
);
CREATE TABLE IF NOT EXISTS attachments (
    thread TEXT NOT NULL REFERENCES threads(id) ON DELETE CASCADE, id TEXT NOT NULL, attachment TEXT NOT NULL,
    PRIMARY KEY (thread, id)
);
