CREATE TABLE devices (
    id   int PRIMARY KEY,
    room text NOT NULL
);

CREATE TABLE readings (
    device_id int NOT NULL REFERENCES devices,
    at        timestamptz NOT NULL,
    celsius   numeric(5, 2) NOT NULL,
    humidity  int NOT NULL,
    PRIMARY KEY (device_id, at)
);
