"""Pure. What crosses a process border: topics, envelope, outcomes, messages, HTTP bodies."""
