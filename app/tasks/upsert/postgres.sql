INSERT INTO visits AS v (page, visits) VALUES ('home', 1), ('about', 1)
ON CONFLICT (page) DO UPDATE SET visits = v.visits + 1;

SELECT page, visits FROM visits ORDER BY page;
