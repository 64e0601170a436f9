UPDATE votes SET votes = votes + 1 WHERE candidate = 'Ada' AND shard = 2;

SELECT sum(votes) AS votes FROM votes WHERE candidate = 'Ada';
