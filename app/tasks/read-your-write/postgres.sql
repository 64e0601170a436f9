UPDATE flags SET flag = 'on' WHERE name = 'beta';

SELECT flag FROM flags WHERE name = 'beta';
