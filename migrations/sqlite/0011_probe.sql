-- What is written to find out whether a disk that refused something takes it by now. It means nothing.
CREATE TABLE probe (
    id    INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
