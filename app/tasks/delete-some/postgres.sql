DELETE FROM jobs WHERE state = 'done';

SELECT id, name FROM jobs;
