-- What the ledger holds for windows, and how much a replica has of them at most ('-': as it is). KEYS: state, parts, then
-- the account of each window. ARGV from 3 on, for each: field, start, end, spent, version, at most, what is too old.
local fault = read_fault()
if fault then return fault end
for place = 3, #KEYS do
  local at = 3 + (place - 3) * 7
  local start, ends = ARGV[at + 1], tonumber(ARGV[at + 2])
  local spent, version, too_old = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 6])
  local window = read_window(KEYS[place], start)
  if not window then
    window = {ends, 0, 0, 0}
    for _, began in ipairs(redis.call('HKEYS', KEYS[place])) do
      if tonumber(began) < too_old then redis.call('HDEL', KEYS[place], began) end
    end
  end
  if version > window[3] then window[2], window[3] = spent, version end
  if ARGV[at + 5] ~= '-' then
    local had = read_numbers(redis.call('HGET', KEYS[2], ARGV[at]))[1] or 0
    local left = math.min(had, tonumber(ARGV[at + 5]))
    window[4] = math.max(0, window[4] - (had - left))
    write_part(KEYS[2], ARGV[at], left, ends)
  end
  write_window(KEYS[place], start, window)
end
return {'ok'}
