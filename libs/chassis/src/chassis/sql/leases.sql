-- Who may work on what, until when (chassis.leases). `fence` only ever grows: rows are kept when released.
CREATE TABLE leases (
    name  text        PRIMARY KEY,
    owner text        NOT NULL,
    fence bigint      NOT NULL,
    until timestamptz NOT NULL
);
