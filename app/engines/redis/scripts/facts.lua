-- What each of KEYS is now: type, encoding, length, milliseconds to live, bytes of memory.
local LENGTHS = {string = 'STRLEN', list = 'LLEN', set = 'SCARD', zset = 'ZCARD', hash = 'HLEN', stream = 'XLEN', vectorset = 'VCARD'}
local facts = {}
for number, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then
    facts[number] = {kind, false, false, -2, false}
  else
    local length = LENGTHS[kind] and redis.call(LENGTHS[kind], key) or false
    facts[number] = {kind, redis.call('OBJECT', 'ENCODING', key), length, redis.call('PTTL', key), redis.call('MEMORY', 'USAGE', key)}
  end
end
return facts
