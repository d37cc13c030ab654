-- Changes whenever another connection, of any process, has committed; not by this connection's own commits.
PRAGMA data_version
