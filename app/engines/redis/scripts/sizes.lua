-- What each of KEYS is now: type, encoding, length and bytes; and how many keys the database has.
local LENGTHS = {string = 'STRLEN', list = 'LLEN', set = 'SCARD', zset = 'ZCARD', hash = 'HLEN', stream = 'XLEN', vectorset = 'VCARD'}
local sizes = {}
for number, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then
    sizes[number] = {kind, false, false, false}
  else
    local length = LENGTHS[kind] and redis.call(LENGTHS[kind], key) or false
    sizes[number] = {kind, redis.call('OBJECT', 'ENCODING', key), length, redis.call('MEMORY', 'USAGE', key)}
  end
end
return {redis.call('DBSIZE'), sizes}
