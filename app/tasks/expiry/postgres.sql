SELECT name FROM sessions WHERE until > now();
