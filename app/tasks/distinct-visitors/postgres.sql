SELECT count(DISTINCT name) AS people FROM visits;
