-- KEYS: state, leases, names of limits where this replica holds places, then the rate or the places of each wish.
-- ARGV from 3 on, for each wish: name, unit, limit, burst, how late permits may be used (us), least, wish.
-- Answers permits, when to try again (us) and a stamp. Permits may be used late, so the burst is smaller by what comes
-- back meanwhile; what needs more of the burst than that gets it once nothing has been missing for so long.
local fault = read_fault()
if fault then return fault end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then return {'forgotten'} end
local MINUTE = 60000000
local DAY_MS = 86400000
local now = now_us()
local answer = {'ok'}

local function take_places(key, name, most, least, wish)
  local all = redis.call('HGETALL', key)
  local left, mine = most, 0
  for index = 1, #all, 2 do
    local ends = tonumber(redis.call('HGET', KEYS[2], all[index]) or '0')
    if all[index] == ARGV[2] then mine = tonumber(all[index + 1]) end
    if all[index] == ARGV[2] or ends > now / 1000 then left = left - tonumber(all[index + 1]) end
  end
  if left < math.max(least, 1) then return 0, 0, 0 end
  local permits = math.min(left, wish)
  redis.call('HSET', key, ARGV[2], whole(mine + permits))
  redis.call('SADD', KEYS[3], name)
  redis.call('PEXPIRE', key, DAY_MS)
  redis.call('PEXPIRE', KEYS[3], DAY_MS)
  return permits, 0, 0
end

local function take_permits(key, most, burst, late, least, wish)
  local full_again = math.floor(burst * MINUTE / most)
  local rate = read_numbers(redis.call('GET', key) or '')
  local arrival, returned = rate[1], rate[2] or 0
  if not arrival then
    local empty_at = tonumber(redis.call('HGET', KEYS[1], 'empty_at') or '')
    arrival = empty_at and empty_at + full_again or 0
  end
  local from = math.max(arrival, now)
  local permits = math.floor((full_again - late - (from - now)) * most / MINUTE)
  if permits < least then
    from = math.max(arrival + late, now)
    permits = math.floor((full_again - (from - now)) * most / MINUTE)
  end
  if permits < math.max(least, 1) then
    return 0, math.max(1, arrival + late - now + math.ceil(least * MINUTE / most) - full_again), 0
  end
  permits = math.min(permits, wish)
  from = from + math.ceil(permits * MINUTE / most)
  -- Kept longer than any request lasts that may still give permits back.
  redis.call('SET', key, whole(from) .. '|' .. whole(returned), 'PX', whole(DAY_MS))
  return permits, 0, from + returned
end

for place = 4, #KEYS do
  local at = 3 + (place - 4) * 7
  local numbers = {}
  for index = 2, 6 do numbers[index] = tonumber(ARGV[at + index]) end
  local permits, retry, stamp
  if ARGV[at + 1] == 'calls' then
    permits, retry, stamp = take_places(KEYS[place], ARGV[at], numbers[2], numbers[5], numbers[6])
  else
    permits, retry, stamp = take_permits(KEYS[place], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6])
  end
  for _, number in ipairs({permits, retry, stamp}) do answer[#answer + 1] = whole(number) end
end
return answer
