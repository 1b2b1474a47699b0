-- KEYS: state, own parts, then the account of each part. ARGV from 3 on, for each: field, start, what is left at most.
local fault = read_fault()
if fault then return fault end
for place = 3, #KEYS do
  local at = 3 + (place - 3) * 3
  local part = read_numbers(redis.call('HGET', KEYS[2], ARGV[at]))
  local window = read_window(KEYS[place], ARGV[at + 1])
  if part[1] then
    local left = math.min(part[1], tonumber(ARGV[at + 2]))
    write_part(KEYS[2], ARGV[at], left, part[2])
    if window then
      window[4] = math.max(0, window[4] - (part[1] - left))
      write_window(KEYS[place], ARGV[at + 1], window)
    end
  end
end
return {'ok'}
