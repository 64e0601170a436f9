-- The keys of the selected database, at most ARGV[1] of them: name, type, length, milliseconds to live, bytes.
local LENGTHS = {string = 'STRLEN', list = 'LLEN', set = 'SCARD', zset = 'ZCARD', hash = 'HLEN', stream = 'XLEN', vectorset = 'VCARD'}
local limit, found, cursor = tonumber(ARGV[1]), {}, '0'
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', limit)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    if #found == limit then break end
    local kind = redis.call('TYPE', key).ok
    local length = LENGTHS[kind] and redis.call(LENGTHS[kind], key) or false
    found[#found + 1] = {key, kind, length, redis.call('PTTL', key), redis.call('MEMORY', 'USAGE', key)}
  end
until cursor == '0' or #found == limit
return {redis.call('DBSIZE'), found}
