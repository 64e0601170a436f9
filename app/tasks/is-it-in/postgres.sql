SELECT EXISTS (SELECT FROM blocked WHERE number = 4711) AS blocked;
