"""The streaming API: events for clients, over WebSocket and Server-Sent Events.

`channels` says what can be listened to, `exchange` knows who listens and passes events on, `airings` and
`posts` decide who gets an event and render it, `sockets` and `sse` are the two doors.
"""
