SET application_name = 'worker';

SELECT current_setting('application_name') AS name;
