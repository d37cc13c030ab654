"""The verbs of the job store, as functions over a session: on headrace's own connections and on the caller's alike."""
