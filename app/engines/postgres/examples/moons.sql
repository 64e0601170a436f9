-- Everything here runs again and again: the tables are made anew each time.
DROP TABLE IF EXISTS moons, planets;

CREATE TABLE planets (
    id   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE moons (
    name      text PRIMARY KEY,
    planet_id int NOT NULL REFERENCES planets,
    radius_km numeric NOT NULL CHECK (radius_km > 0)
);

WITH planet AS (
    INSERT INTO planets (name)
    VALUES ('Earth'), ('Mars'), ('Jupiter'), ('Saturn'), ('Neptune')
    RETURNING id, name
)
INSERT INTO moons (name, planet_id, radius_km)
SELECT moon, planet.id, radius
FROM (VALUES
    ('Moon', 'Earth', 1737.4), ('Phobos', 'Mars', 11.1), ('Deimos', 'Mars', 6.2),
    ('Io', 'Jupiter', 1821.6), ('Europa', 'Jupiter', 1560.8), ('Ganymede', 'Jupiter', 2634.1),
    ('Callisto', 'Jupiter', 2410.3), ('Titan', 'Saturn', 2574.7), ('Rhea', 'Saturn', 763.8),
    ('Enceladus', 'Saturn', 252.1), ('Triton', 'Neptune', 1353.4)
) AS known (moon, planet_name, radius)
JOIN planet ON planet.name = planet_name;

-- Window functions: a rank within each planet, and each moon's share of its planet's moons.
SELECT
    p.name AS planet,
    m.name AS moon,
    m.radius_km,
    rank() OVER by_size AS rank,
    round(100 * m.radius_km / sum(m.radius_km) OVER (PARTITION BY p.id), 1) AS percent
FROM moons AS m
JOIN planets AS p ON p.id = m.planet_id
WINDOW by_size AS (PARTITION BY p.id ORDER BY m.radius_km DESC)
ORDER BY p.name, rank;
