-- One step of walking the keys that begin with ARGV[2]: from the SCAN cursor ARGV[1], about ARGV[3] keys.
-- Gives the next cursor, how many keys were seen, and the first ARGV[5] names after ARGV[4]: each with the keys under it, 0 for a key itself.
local cursor, prefix, budget, after, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local pattern = string.gsub(prefix, '[%*%?%[%]\\]', '\\%0') .. '*'
local seen, counts, names, from = 0, {}, {}, #prefix + 1
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1000)
  cursor = page[1]
  seen = seen + 1000
  for _, key in ipairs(page[2]) do
    local colon = string.find(key, ':', from, true)
    local name = colon and string.sub(key, 1, colon) or key
    if name > after and key ~= prefix then
      -- "user:" is a key of its own when nothing follows the colon
      local part = (colon and colon < #key) and 'p' .. name or 'k' .. name
      if counts[part] then
        counts[part] = counts[part] + 1
      else
        counts[part] = 1
        names[#names + 1] = part
      end
    end
  end
until cursor == '0' or seen >= budget
table.sort(names, function(a, b) return string.sub(a, 2) < string.sub(b, 2) end)
local found = {}
for number = 1, math.min(most, #names) do
  local part = names[number]
  found[number] = {string.sub(part, 2), string.sub(part, 1, 1) == 'p' and counts[part] or 0}
end
return {cursor, found}
