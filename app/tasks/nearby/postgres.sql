-- The great circle by the spherical law of cosines; the earth's radius is 6371 km.
SELECT name
FROM (
    SELECT name, 6371 * acos(sind(52.5) * sind(latitude) + cosd(52.5) * cosd(latitude) * cosd(longitude - 13.4)) AS km
    FROM stations
) AS distances
WHERE km < 5
ORDER BY km;
