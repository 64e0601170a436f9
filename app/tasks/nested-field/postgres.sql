UPDATE profiles SET profile = jsonb_set(profile, '{address,city}', '"Oslo"') WHERE name = 'Ada';

SELECT profile #>> '{address,city}' AS city, profile #>> '{address,street}' AS street FROM profiles WHERE name = 'Ada';
