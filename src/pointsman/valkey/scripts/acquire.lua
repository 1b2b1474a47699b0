-- KEYS: state, leases, own parts, then the account of each wish. ARGV from 3 on, for each wish: field, start, end, since,
-- limit, least, wish. Answers granted (-1 when windows are missing), spent and shared out.
local fault = read_fault()
if fault then return fault end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then return {'forgotten'} end
local answer = {'ok'}
for place = 4, #KEYS do
  local at = 3 + (place - 4) * 7
  local start, ends, since = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local limit, least, wish = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  local spent, shared, steps = 0, 0, 0
  if since == start then
    local window = read_window(KEYS[place], ARGV[at + 1])
    if window and window[3] > 0 then spent, shared, steps = window[2], window[4], 1 end
  else
    local all = redis.call('HGETALL', KEYS[place])
    for index = 1, #all, 2 do
      -- Later steps count, too: replicas do not change steps at the same moment.
      local began = tonumber(all[index])
      if began >= since then
        local window = read_numbers(all[index + 1])
        spent, shared = spent + window[2], shared + window[4]
        if began <= start and window[3] > 0 then steps = steps + 1 end
      end
    end
  end
  local granted = -1
  if steps >= 1 + (start - since) / (ends - start) then
    granted = limit - spent - shared
    if wish <= 0 or granted <= 0 or granted < least then granted = 0 else granted = math.min(granted, wish) end
    if granted > 0 then
      local window = read_window(KEYS[place], ARGV[at + 1])
      window[4] = window[4] + granted
      write_window(KEYS[place], ARGV[at + 1], window)
      local had = read_numbers(redis.call('HGET', KEYS[3], ARGV[at]))[1] or 0
      write_part(KEYS[3], ARGV[at], had + granted, ends)
      shared = shared + granted
    end
  end
  for _, number in ipairs({granted, spent, shared}) do answer[#answer + 1] = whole(number) end
end
return answer
