"""The kiosk's screen: scene (pure), board (thread-safe), server and event stream, page."""
