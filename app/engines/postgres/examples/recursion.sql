DROP TABLE IF EXISTS parts;

CREATE TABLE parts (
    name    text PRIMARY KEY,
    part_of text REFERENCES parts,
    pieces  int NOT NULL DEFAULT 1,
    grams   int NOT NULL DEFAULT 0
);

INSERT INTO parts (name, part_of, pieces, grams) VALUES
    ('bicycle', NULL, 1, 0),
    ('wheel', 'bicycle', 2, 400),
    ('tyre', 'wheel', 1, 350),
    ('spoke', 'wheel', 32, 7),
    ('frame', 'bicycle', 1, 1800),
    ('saddle', 'frame', 1, 250);

-- From the bicycle down: the path to each part, and how many of it the whole bicycle has.
WITH RECURSIVE tree AS (
    SELECT name, grams, pieces AS total, name AS path, 0 AS depth FROM parts WHERE part_of IS NULL
    UNION ALL
    SELECT p.name, p.grams, t.total * p.pieces, t.path || ' > ' || p.name, t.depth + 1
    FROM parts AS p
    JOIN tree AS t ON p.part_of = t.name
)
SELECT repeat('   ', depth) || name AS part, total AS pieces, total * grams AS grams,
       sum(total * grams) OVER () AS bicycle_grams
FROM tree
ORDER BY path;
