// 10 requests at 0.99 s and 10 at 1.01 s; allowed are 10 a second.
const LIMIT = 10;
const burst = [...Array(10).fill(990), ...Array(10).fill(1010)];
await redis.del("rate:fixed:0", "rate:fixed:1", "rate:sliding");

async function fixedWindow(nowMs) {
  const key = `rate:fixed:${Math.floor(nowMs / 1000)}`;
  const n = await redis.incr(key);
  if (n === 1) await redis.pexpire(key, 2000);
  return n <= LIMIT;
}

const SLIDING = `
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - 1000)
  if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
  redis.call('ZADD', KEYS[1], ARGV[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[1], 2000)
  return 1`;
let request = 0;
const slidingWindow = async (nowMs) => (await redis.eval(SLIDING, 1, "rate:sliding", nowMs, LIMIT, ++request)) === 1;

async function allowed(limit) {
  let n = 0;
  for (const nowMs of burst) n += await limit(nowMs);
  return n;
}

const fixed = await measure("fixed window", () => allowed(fixedWindow));
const sliding = await measure("sliding window", () => allowed(slidingWindow));
print(`fixed window:   ${fixed.value} of 20 allowed within 20 ms, ${fixed.calls} calls`);
print(`sliding window: ${sliding.value} of 20 allowed within 20 ms, ${sliding.calls} calls`);
