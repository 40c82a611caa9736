"""HQ's console: server-rendered pages over the same store."""
