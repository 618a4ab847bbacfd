"""What is asked all the time goes past the ORM: prepared once, in few hops, as plain rows.

SQLAlchemy's session costs about 0.3 CPU-ms for a statement, several times what the databases need for it, and
a page of posts costs more than that in objects. Here a statement is written with SQLAlchemy as everywhere,
but compiled once and handed to the driver as it is.

Reading (`ask`), what belongs together is a *chain*, a generator that yields what it asks and is sent the
rows: on SQLite all of it is one visit to a connection's thread, and on both databases it sees one moment and
cannot write. Writing (`run`, `run_later`, `insert_one`), statements take part in a session's transaction.

Rows stay as the driver gives them until somebody reads them as objects (`Found.read`), so that two of them
can be compared at once: whoever keeps what was made of a row makes it again only when the row is another.
"""

from fedi.lean.prepared import Asked, Chain, Found, Lean, Raw, among
from fedi.lean.reading import ask
from fedi.lean.writing import Done, insert_one, run, run_later

__all__ = ["Asked", "Chain", "Done", "Found", "Lean", "Raw", "among", "ask", "insert_one", "run", "run_later"]
